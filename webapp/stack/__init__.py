"""The embedded stack: everything `manage.py up` starts on one machine."""
