"""Learning by gradient, whatever is learnt and from what: no family of methods is known here.

`learner` is what a method brings, `plan` the order of its batches, `loop` what repeats its steps,
and `checkpoints` what remains of them.
"""
