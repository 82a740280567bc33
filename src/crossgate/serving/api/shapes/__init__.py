"""What is sent and answered: its shapes, examples of them, and the OpenAPI document that shows both."""
