"""What the integration costs, against Home Assistant's own limit and the alternatives.

Run by script/bench; docs/performance.md says what each row means. `rows` is the list of
them, `home` a real Home Assistant in this process, `measure` the clocks, `bench_floor`
an integration that does nothing but write ready values.
"""
