"""The API's views: parse, call the service that the pages call too, answer."""
