"""The form for what users say about single points."""

from custom_components.metering_hub.flow.point_settings import points_schema


def test_only_offered_points_are_selected() -> None:
    """A trusted point that is gone is not in the form, which could not show it."""
    options = {"points": {"gas": {"trusted": True}, "heat": {"trusted": True}}}
    form = points_schema({"gas": "Gas meter", "water": "Water meter"}, options)
    assert form({}) == {"trusted": ["gas"]}
    assert form({"trusted": []}) == {"trusted": []}
