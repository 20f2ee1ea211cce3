"""The ground floor: the kernel, the web shell, people, skills, tracks and notices."""
