"""Benchmarks of the integration, compared with Home Assistant itself and alternatives.

`script/bench` runs them, and docs/performance.md explains each row. `rows` lists the
rows, `home` runs a real Home Assistant in this process, `measure` reads the clocks, and
`bench_floor` is an integration that only writes prepared values.
"""
