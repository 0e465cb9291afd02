"""Methods that have learnt, at work: on whole videos, and on frames as they come."""
