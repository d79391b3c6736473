// libtorch for packages that depend on this one: nothing but what pkg-config says of it (see Package.swift).
