"""The demo map's layers, and the committed tiles."""

from __future__ import annotations

from pathlib import Path

from shapely.geometry import shape

from compose.basemap import layers
from connectors.simulator.geography import BASEMAP_EXTENT

TILES = Path(__file__).parents[2] / "dashboards/web/public/maps/demo-nola.pmtiles"


def test_the_layers_and_their_properties_are_those_the_page_draws() -> None:
    made = layers()
    assert set(made) == {"water", "land", "district", "park", "road", "place"}
    assert {feature["properties"]["class"] for feature in made["road"]} == {"motorway", "arterial", "street"}
    assert all(feature["properties"]["name"].startswith("Demo ") for feature in made["road"])
    assert {feature["properties"]["rank"] for feature in made["place"]} == {1, 2, 3}
    assert len(made["district"]) == 8


def test_every_shape_is_sound_and_land_and_water_share_nothing_but_a_shore() -> None:
    made = layers()
    for features in made.values():
        for feature in features:
            geometry = shape(feature["geometry"])
            assert geometry.is_valid
            assert not geometry.is_empty
    land = shape(made["land"][0]["geometry"])
    for feature in made["water"]:
        assert land.intersection(shape(feature["geometry"])).area < 1e-5


def test_the_committed_tiles_are_small_pmtiles_of_the_city() -> None:
    """Header of PMTiles version 3: magic, version at byte 7, zooms at 100 and 101, bounds in 1e-7 degrees from 102."""
    data = TILES.read_bytes()
    assert data[:7] == b"PMTiles"
    assert data[7] == 3
    assert len(data) < 1_500_000
    assert (data[100], data[101]) == (8, 15)
    bounds = [int.from_bytes(data[at : at + 4], "little", signed=True) / 1e7 for at in (102, 106, 110, 114)]
    west, south, east, north = BASEMAP_EXTENT
    assert bounds[0] <= west + 0.01
    assert bounds[1] <= south + 0.01
    assert bounds[2] >= east - 0.01
    assert bounds[3] >= north - 0.01
