"""Files of tests that take long are begun first, so that no processor waits for one at the end.

With `pytest -n 2 --dist loadfile --no-loadscope-reorder`: by itself pytest-xdist begins with the
files of most tests. No test depends on the order.
"""

LONGEST = (
    "test_audit.py",
    "test_local.py",
    "test_own_backbone.py",
    "test_frozen_encoder.py",
    "test_experiments.py",
    "test_cluster.py",
    "test_network_maps.py",
    "test_models_page.py",
    "test_registration.py",
    "test_task_two.py",
    "test_fit.py",
    "test_salient_object_model.py",
    "test_own_dataset.py",
    "test_plugins_in_cells.py",
    "test_task_three.py",
    "test_documented_python.py",
    "test_own_mechanism.py",
    "test_export.py",
    "test_layers.py",
    "test_moved_weights.py",
    "test_frozen_streams.py",
    "test_plugins.py",
    "test_task_one.py",
    "test_task_two_scores.py",
    "test_two_stream_model.py",
    "test_strangers.py",
    "test_cli.py",
    "test_page_in_browser.py",
    "test_optim.py",
)
"""Those that take some twenty seconds of a processor and more, the longest first."""


def pytest_collection_modifyitems(items):
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
