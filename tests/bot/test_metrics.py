"""The figures: named as dashboards expect them, and each process's own."""

from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics


def figures(metrics: Metrics) -> dict[str, float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in families
        for sample in family.samples
    }


def test_figures_have_their_names_and_labels() -> None:
    metrics = Metrics.new()
    metrics.letters_handled.labels("web", "done").inc()
    metrics.letter_seconds.observe(0.02)
    metrics.messages_sent.labels("web", "sent").inc(2)
    metrics.gateway_callbacks.labels("alipay", "forged").inc()
    metrics.job_seconds.labels("expire").observe(0.2)
    metrics.queue_depth.labels("inbox").set(7)
    found = figures(metrics)
    assert found["kapu_letters_handled_total['done', 'web']"] == 1
    assert found["kapu_letter_seconds_count[]"] == 1
    assert found["kapu_messages_sent_total['sent', 'web']"] == 2
    assert found["kapu_gateway_callbacks_total['alipay', 'forged']"] == 1
    assert found["kapu_job_seconds_sum['expire']"] == 0.2
    assert found["kapu_queue_depth['inbox']"] == 7
    assert "process_resident_memory_bytes[]" in found


def test_two_shops_in_one_process_count_for_themselves() -> None:
    first, second = Metrics.new(), Metrics.new()
    first.messages_sent.labels("web", "sent").inc()
    assert "kapu_messages_sent_total['sent', 'web']" not in figures(second)
