"""`handfast bench`: the numbers this project promises, measured on your machine."""

from handfast.cli import bench_glass, bench_ingest, bench_write
from handfast.cli.command import Commands, add_group


def add_to(commands: Commands) -> None:
    """Add the benchmarks."""
    group = add_group(
        commands,
        "bench",
        summary="Measure on this machine what the project promises; prints JSON.",
        example="handfast bench ingest --cameras 50 --seconds 20 --json",
    )
    bench_glass.add_to(group)
    bench_ingest.add_to(group)
    bench_write.add_to(group)
