"""Several processes' metrics as one text."""

from prometheus_client.parser import text_string_to_metric_families

from services.cli.split.exposition import merge

ONE = """# HELP kith_relayed_events_total Events that reached the bus.
# TYPE kith_relayed_events_total counter
kith_relayed_events_total{service="links"} 3.0
# HELP kith_up Whether it runs.
# TYPE kith_up gauge
kith_up 1.0
"""
OTHER = """# HELP kith_relayed_events_total Events that reached the bus.
# TYPE kith_relayed_events_total counter
kith_relayed_events_total{service="links"} 4.0
# HELP kith_age_seconds Age.
# TYPE kith_age_seconds histogram
kith_age_seconds_bucket{le="1.0"} 1.0
kith_age_seconds_bucket{le="+Inf"} 2.0
kith_age_seconds_count 2.0
kith_age_seconds_sum 3.5
"""


def test_each_sample_says_which_replica_it_is_from() -> None:
    families = {
        family.name: family for family in text_string_to_metric_families(merge({"links-1": ONE, "links-2": OTHER}))
    }
    relayed = {sample.labels["replica"]: sample.value for sample in families["kith_relayed_events"].samples}
    assert relayed == {"links-1": 3.0, "links-2": 4.0}
    assert families["kith_up"].samples[0].labels == {"replica": "links-1"}
    assert len(families["kith_age_seconds"].samples) == 4


def test_a_family_has_one_head() -> None:
    text = merge({"links-1": ONE, "links-2": ONE})
    assert text.count("# TYPE kith_up gauge") == 1
    assert text.count("kith_up{") == 2


def test_nothing_gives_nothing() -> None:
    assert merge({}) == ""
