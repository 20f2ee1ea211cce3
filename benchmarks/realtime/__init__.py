"""Live delivery, measured: our server beside Node's socket.io, and a soak. See docs/realtime.md."""
