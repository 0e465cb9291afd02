"""REST: a module for each noun, with what is taken, what is shown, and the views.

Views parse, call the service that the pages call too, and answer. Every field of an answer is
named here, none follows from a model alone.
"""
