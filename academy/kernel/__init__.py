"""What everything stands on: configuration, transactions, events, logs, jobs, realtime."""
