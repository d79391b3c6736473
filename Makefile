# make demo   sets up, builds, plays the one-dimensional games and writes runs/demo/report.html
# make test   sets up, checks formatting and warnings, runs every test
# make build  sets up and builds .build/release/gan
.PHONY: demo test build setup lint clean

demo: build
	.build/release/gan demo

build: setup
	swift build -c release --product gan

# Release mode, as users run it: lifetimes of imported references differ from debug mode. One test after another: many
# start processes that want both cores for themselves, and some wait for answers.
test: setup-test lint
	swift build -c release --build-tests
	swift test -c release --skip-build --no-parallel

lint:
	swift format lint --strict --recursive Package.swift Sources Tests $(wildcard Examples/*/Package.swift Examples/*/Sources)

setup:
	@Scripts/setup

setup-test:
	@Scripts/setup --test
.PHONY: setup-test

clean:
	swift package clean
	rm -rf .libtorch
