"""Cameras in, sealed segments out: RTSP reader, recorder, simulated cameras. Imports PyAV."""
