"""The plugin of pytest that lets tests judge mutants fast: `setup.cfg` tells mutmut."""

from hypothesis import Phase, is_hypothesis_test, settings
import pytest

# One failure is enough: nobody reads the smallest example of it.
settings.register_profile(
    "mutants",
    settings.get_profile("ci"),
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests with many examples last: most mutants fail one of the others."""
    items.sort(
        key=lambda item: (
            isinstance(item, pytest.Function) and is_hypothesis_test(item.obj)
        )
    )
