"""What operators see: JSON logs and Prometheus metrics. Neither ever holds a client's text."""
