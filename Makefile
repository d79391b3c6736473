# make demo   sets up, builds, plays the one-dimensional games and writes runs/demo/report.html
# make test   sets up, checks formatting and warnings, runs every test
# make build  sets up and builds .build/release/gan
# make install PREFIX=DIR  puts gan, completions for bash, zsh and fish, and man pages there (/usr/local)
# make bench  times it beside PyTorch and JAX and writes Benchmarks/RESULTS.md
#             (half an hour; ONLY=mnist,dcgan for some of it, CPU=avx2)
# make docs   makes the pages of the library in .build/docs (a minute at most, once it is built);
#             BASE=path for a site below a path
# make test-arm  compiles all C++ for ARM and runs our kernels there, under an emulator (three minutes, and 430 MB once)
# make sanitize  runs the tests of our own kernels under the address and undefined-behaviour sanitizers
# make torture  does to runs what machines do to them (kill -9, full disks, ...) and writes Results/torture
#               (DATA=dir with MNIST)
# make fuzz   feeds every parser with inputs made to break it, and keeps those that do
#             (a few minutes; ONLY="idx png" for some)
PREFIX ?= /usr/local
.PHONY: install demo test test-arm build setup lint clean bench docs sanitize torture fuzz

demo: build
	.build/release/gan demo

build: setup
	swift build -c release --product gan

# libtorch stays where it is: the program remembers the folder. DESTDIR goes before all places, for packages.
install: build
	Scripts/install "$(DESTDIR)$(PREFIX)"

# Release mode, as users run it: lifetimes of imported references differ from debug mode.
test: setup-test lint
	swift build -c release --build-tests
	Scripts/test-all

test-arm: build
	Scripts/test-kernels arm

# Every link and name in the articles and comments has to lead somewhere. Look at the pages through a server:
# python3 -m http.server --bind 127.0.0.1 --directory .build/docs
docs: build
	Scripts/make-docs $(if $(BASE),--base $(BASE))

bench: build
	swift build -c release --product gan-bench
	Scripts/bench-setup
	Benchmarks/.venv/bin/python Benchmarks/run.py $(if $(ONLY),--only $(ONLY)) $(if $(CPU),--cpu $(CPU))

# Only the kernels' own tests, and none of what they cost: everything is several times slower and larger. Leaks are not
# looked for: libtorch keeps what it likes.
sanitize: setup
	SWIFT_GAN_SANITIZE=1 swift build --build-path .build-sanitize -c release --sanitize=address --build-tests
	ASAN_OPTIONS=detect_leaks=0 SWIFT_GAN_SANITIZE=1 swift test --build-path .build-sanitize -c release \
	  --sanitize=address --skip-build --no-parallel --filter 'TorchTests|NNTests|ImagesTests' \
	  --skip 'CostTests|modulesAreFreed'

torture: build
	Scripts/torture $(if $(DATA),--data $(DATA)) $(if $(KILLS),--kills $(KILLS))

fuzz: setup
	Scripts/fuzz $(ONLY)

lint:
	swift format lint --strict --recursive Package.swift Sources Tests \
	  $(wildcard Examples/*/Package.swift Examples/*/Sources)
	Scripts/check-columns

setup:
	@Scripts/setup

setup-test:
	@Scripts/setup --test
.PHONY: setup-test

clean:
	swift package clean
	rm -rf .libtorch
