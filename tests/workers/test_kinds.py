import pytest

from webapp.jobs.kinds import KINDS
from workers import kinds


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_job_is_registered(name):
    found = kinds.find(name)

    assert found.child == kinds.ML_CHILD
    for hook in ("prepare", "on_event", "on_success", "on_replaced"):
        assert callable(getattr(found.kind, hook))


def test_register_refuses_a_second_kind_of_the_same_name():
    with pytest.raises(ValueError, match="registers 'act' a second time"):
        kinds.register("act")(type(kinds.find("act").kind))
