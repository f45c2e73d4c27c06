"""A graphics card is measured beside the processor where onnxruntime's build knows one."""

from handfast.vision.probe import candidates
from handfast.vision.runtime import Engine, gpu_providers


def test_cards_are_taken_in_order_of_preference() -> None:
    """What runs on the processor, or is unknown, is no card."""
    available = ["CPUExecutionProvider", "ROCMExecutionProvider", "CUDAExecutionProvider", "X"]
    assert gpu_providers(available) == ["CUDAExecutionProvider", "ROCMExecutionProvider"]
    assert gpu_providers(["CPUExecutionProvider"]) == []


def test_a_card_is_a_candidate_unless_acceleration_is_off() -> None:
    """Without one, or when the processor alone is asked for, nothing changes."""

    def engines(*, accelerated: bool, cards: list[str]) -> set[Engine]:
        found = candidates(frozenset(), accelerated=accelerated, cards=cards)
        return {each.engine for each in found}

    processors = {Engine.ONNXRUNTIME, Engine.OPENVINO}
    assert engines(accelerated=True, cards=[]) == processors
    assert engines(accelerated=False, cards=["CUDAExecutionProvider"]) == processors
    with_card = engines(accelerated=True, cards=["CUDAExecutionProvider"])
    assert with_card == {*processors, Engine.ONNXRUNTIME_GPU}
