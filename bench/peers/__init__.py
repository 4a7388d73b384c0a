"""Services that do the same job with less protection: what the ratios are measured against."""
