"""Alembic's entry: runs the steps on the connection it is handed, inside its transaction."""

from alembic import context

from crossgate.serving.storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
