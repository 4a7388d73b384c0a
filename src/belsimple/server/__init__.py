"""Assembly: settings, the embedded cluster, TLS, processes and their supervisor."""
