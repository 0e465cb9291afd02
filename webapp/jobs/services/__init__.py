"""All that changes a job. Each change of state is one guarded UPDATE.

`submission` is what people cause, `execution` what the worker that holds a job writes
about it, `log` its output, `queue` the answers about waiting, `upkeep` the repair of what
died on the way, `nodes` the workers themselves. However a job ends, it does so in `transitions`.
"""

from webapp.jobs.services.execution import (
    JobSuperseded,
    claim,
    claim_next,
    fenced,
    finish,
    hand_back,
    mark_running,
    record_facts,
    renew_lease,
    report_progress,
)
from webapp.jobs.services.log import append_log, log_tail, read_log
from webapp.jobs.services.nodes import announce, forget_silent_workers, retire
from webapp.jobs.services.queue import (
    default_queue,
    free_slots,
    light_queue,
    n_long_slots,
    n_slots,
    queue_position,
    waiting_reason,
)
from webapp.jobs.services.submission import (
    cancel_needless,
    request_cancel,
    ring_for_long,
    ring_in_turn,
    submit,
    submit_cancelled,
)
from webapp.jobs.services.upkeep import reap, ring_again

__all__ = [
    "JobSuperseded",
    "announce",
    "append_log",
    "cancel_needless",
    "claim",
    "claim_next",
    "default_queue",
    "fenced",
    "finish",
    "forget_silent_workers",
    "free_slots",
    "hand_back",
    "light_queue",
    "log_tail",
    "mark_running",
    "n_long_slots",
    "n_slots",
    "queue_position",
    "read_log",
    "reap",
    "record_facts",
    "renew_lease",
    "report_progress",
    "request_cancel",
    "retire",
    "ring_again",
    "ring_for_long",
    "ring_in_turn",
    "submit",
    "submit_cancelled",
    "waiting_reason",
]
