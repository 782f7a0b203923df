"""copydesk: raw scraped news in, clean Parquet out, every removal explained."""

__version__ = "0.1.0"
