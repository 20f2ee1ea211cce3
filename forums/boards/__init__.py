"""Boards: lists of threads, kept by an academy or a cohort."""
