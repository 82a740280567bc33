"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(32)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "projects",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("retention_days", sa.Double()),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(40), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("revoked", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_tokens_project_id"),
    )
    op.create_index("ix_tokens_project_id", "tokens", ["project_id"])
    op.create_table(
        "recordings",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("media_file", sa.String(40)),
        sa.Column("transcript_file", sa.String(40)),
        sa.Column("result_file", sa.String(40)),
        sa.Column("url", sa.Text()),
        sa.Column("transcript_url", sa.Text()),
        sa.Column("transcript_name", sa.Text()),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("policy", sa.Text()),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("step", sa.Text()),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("error", sa.JSON()),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("started", MOMENT),
        sa.Column("finished", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", ID),
        sa.Column("lease", MOMENT),
        sa.Column("deleting", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(10)),
        sa.Column("duration", sa.Double()),
        sa.Column("turns", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_recordings_project_id"),
    )
    op.create_index("ix_recordings_newest", "recordings", ["project_id", "created", "id"])
    op.create_index("ix_recordings_queue", "recordings", ["state", "created"])
    op.create_table(
        "deletions",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("asked", MOMENT, nullable=False),
        sa.Column("deleted", MOMENT),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deletions"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_deletions_project_id"),
    )
    op.create_index("ix_deletions_project_id", "deletions", ["project_id"])
    _of_a_recording(
        "corrections",
        "utterance_id",
        sa.Column("utterance_id", sa.Text(), nullable=False),
        sa.Column("predicted", sa.Text(), nullable=False),
        sa.Column("emotion", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
    )
    _of_a_recording(
        "recording_emotions",
        "place",
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("emotion", sa.Text(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
    )
    _of_a_recording(
        "recording_speakers",
        "place",
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
    )
    _of_a_recording(
        "attempts",
        "number",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner", ID, nullable=False),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("finished", MOMENT),
        sa.Column("outcome", sa.String(20)),
    )


def _of_a_recording(name: str, key: str, *columns: "sa.Column[object]") -> None:
    op.create_table(
        name,
        sa.Column("recording_id", ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("recording_id", key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=f"fk_{name}_recording_id"),
    )


def downgrade() -> None:
    """Remove the tables, and what they hold."""
    for name in (
        "attempts",
        "recording_speakers",
        "recording_emotions",
        "corrections",
        "deletions",
        "recordings",
        "tokens",
        "projects",
    ):
        op.drop_table(name)
