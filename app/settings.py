"""The one place that reads the environment: `DRAGOMAN_*`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MOST_PIXELS = 89_478_485
"""Beyond it Pillow itself takes an image for a bomb."""


class Settings(BaseSettings):
    """Every setting of the service; each can be set as `DRAGOMAN_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="DRAGOMAN_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    models: Path = Field(Path("models"), description="Folder of artifacts, `<name>/<version>/`.")
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|gpu:\d+)$", description="`auto`, `cpu` or `gpu:N`."
    )
    threads: int | None = Field(
        None, ge=1, description="Threads of one product; None: one fewer than there are CPUs."
    )
    max_rows: int = Field(128, ge=1, description="Rows that decode at once; a beam of 4 takes 4.")
    max_waiting: int = Field(2048, ge=0, description="Rows that may wait; beyond it 503.")
    exact: bool = Field(False, description="Pad every call to 16 rows: bitwise the same results.")
    precision: Literal["auto", "float32", "int8"] = Field(
        "auto", description="Products of matrices on a CPU; `auto`: int8 where it has units for it."
    )
    deadline: float = Field(60.0, gt=0, description="Seconds that a request may take.")
    max_items: int = Field(512, ge=1, description="Items in one request's list.")
    max_body: int = Field(1_048_576, ge=1024, description="Bytes that a request's body may have.")
    max_image_body: int = Field(
        33_554_432, ge=1024, description="Bytes that a request with images may have."
    )
    max_pixels: int = Field(
        25_000_000, ge=1, le=MOST_PIXELS, description="Pixels of one image, told before decoding."
    )
    image_threads: int = Field(2, ge=1, le=64, description="Threads that decode images.")
    image_memory: int = Field(
        268_435_456, ge=1024, description="Bytes of requests with images held at once; then 503."
    )
    drain: float = Field(30.0, gt=0, description="Seconds that running requests get on SIGTERM.")
    verify_hashes: bool = Field(True, description="Check every file's SHA-256 when loading.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged."
    )
