"""Networks that turn pictures or clips into features, with the names of published weights."""
