# The verbs of Ciclo. The build itself is meson.build; nothing is decided here.
MESON  ?= meson
FUZZ_S ?= 60

SETUP_dev     = -Doptimization=1 -Dwerror=true -Dsizes=small -Dweb=false \
                -Db_sanitize=address,undefined
SETUP_release = --buildtype=release -Db_lto=true -Dhardened=true -Dunit=false
SETUP_tsan    = -Doptimization=1 -Dsizes=small -Dweb=false \
                -Db_sanitize=thread
SETUP_fuzz    = -Doptimization=1 -Dsizes=small -Dweb=false \
                -Db_sanitize=address,undefined -Db_lundef=false -Dunit=false -Dfuzzers=true
SETUP_cover   = -Dsizes=small -Dweb=false -Db_lundef=false
build/fuzz/build.ninja build/cover/build.ninja: export CC = clang-14
build/fuzz/build.ninja build/cover/build.ninja: export CXX = clang++-14

.PHONY: help setup setup-test run quick test check release web fault fuzz tsan cover bench clean
.SILENT:

help:
	echo 'make run      install what is missing, build, load the sample shop, serve the page'
	echo 'make test     everything that must hold, in under five minutes'
	echo 'make quick    unit tests and the checks of the source, in under a minute'
	echo 'make check    test, and clang-tidy, cppcheck and the long model tests'
	echo 'make fault    failing memory, failing disks, kills'
	echo 'make fuzz     every parser for FUZZ_S=$(FUZZ_S) seconds'
	echo 'make tsan     the unit tests under the thread sanitizer'
	echo 'make cover    which lines and branches the unit tests reach'
	echo 'make bench    the measurements of bench/'
	echo 'make release  build/release/ciclo'
	echo 'make web      web/dist'
	echo 'make setup    install what is missing'
	echo 'make clean    remove what was built'

setup:
	tools/setup run
setup-test:
	tools/setup run test

run: release
	tools/demo

release: setup web build/release/build.ninja
	ninja -C build/release --quiet

quick: setup-test build/dev/build.ninja
	tools/test build/dev=unit,house,fuzz

test: setup-test web build/dev/build.ninja build/release/build.ninja
	tools/test build/dev build/release

web: $(if $(wildcard web/package.json),web/dist/index.html)
web/dist/index.html: $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)
	cd web && npm ci --silent && npx vite build

clean:
	rm -rf build web/dist

build/%/build.ninja:
	$(MESON) setup build/$* $(SETUP_$*)
