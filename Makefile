# The verbs of Ciclo. The build itself is meson.build; nothing is decided here.
MESON  ?= meson
FUZZ_S ?= 60
WEB     = $(shell find web/src web/public web/*.* -type f)

SMALL    = -Doptimization=1 -Dsizes=small -Dweb=false
# At fixed addresses a program under the sanitizers starts a seventh faster; the flows start thousands.
FIXED    = -Dc_link_args=-no-pie -Dcpp_link_args=-no-pie
COVERAGE = -fprofile-instr-generate -fcoverage-mapping
SETUP_dev     = $(SMALL) $(FIXED) -Dwerror=true -Db_sanitize=address,undefined
SETUP_release = --buildtype=release -Db_lto=true -Dhardened=true -Dunit=false
SETUP_tsan    = $(SMALL) -Db_sanitize=thread
SETUP_valgrind = $(SMALL) -Dunit=false
SETUP_clang   = $(SMALL) -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=true
SETUP_fuzz    = $(SETUP_clang) -Dunit=false -Dfuzzers=true
SETUP_cover   = $(SMALL) -Dc_args='$(COVERAGE)' -Dcpp_args='$(COVERAGE)' \
                -Dc_link_args='$(COVERAGE)' -Dcpp_link_args='$(COVERAGE)'
build/clang/build.ninja build/fuzz/build.ninja build/cover/build.ninja: export CC = clang-14
build/clang/build.ninja build/fuzz/build.ninja build/cover/build.ninja: export CXX = clang++-14

.PHONY: help setup setup-test run release web sdk quick test check fault fuzz tsan cover bench clean
.NOTPARALLEL:
.SILENT:

help:
	echo 'make run      install what is missing, build, load the sample shop, serve the page'
	echo 'make test     everything that must hold, in eight to twelve minutes, building included'
	echo 'make quick    unit tests and the checks of the source, in under a minute'
	echo 'make check    test, static analysis and the long model tests, in under fifty minutes'
	echo 'make fault    failing memory, failing disks, kills, every command under valgrind'
	echo 'make fuzz     every parser for FUZZ_S=$(FUZZ_S) seconds'
	echo 'make tsan     unit, flow and stress tests under the thread sanitizer'
	echo 'make cover    which lines and branches the unit tests reach'
	echo 'make bench    the measurements of bench/'
	echo 'make release  build/release/ciclo'
	echo 'make web      web/dist, the page'
	echo 'make setup    install what is missing'
	echo 'make clean    remove what was built'

setup:
	tools/setup run
setup-test:
	tools/setup run test

run: release
	tools/demo
release: setup web build/release/build.ninja
	ninja -C build/release
bench: release
	ninja -C build/release bench/bench_store
	bench/run

quick: setup-test build/dev/build.ninja
	tools/test build/dev=unit,house,fuzz
test: setup-test web sdk build/dev/build.ninja build/release/build.ninja
	tools/test build/dev=unit,house,fuzz,flow,model build/release=sample,oracle,page,sdk
check: setup-test web sdk build/dev/build.ninja build/clang/build.ninja build/release/build.ninja
	CICLO_ROUNDS=20 ASAN_OPTIONS=quarantine_size_mb=256 tools/test \
	    build/dev=unit,house,fuzz,flow,large,model,static \
	    build/clang=unit build/release=flow,large,sample,oracle,page,sdk
fault: setup-test build/dev/build.ninja build/valgrind/build.ninja
	tools/test build/dev=fault,stress build/valgrind=valgrind
tsan: setup-test build/tsan/build.ninja
	tools/test build/tsan=unit,flow,stress
fuzz: setup-test build/fuzz/build.ninja
	tools/fuzz $(FUZZ_S)
cover: setup-test build/cover/build.ninja
	tools/cover

sdk: tests/sdk/node_modules/.package-lock.json
web: web/dist/index.html
web/dist/index.html: web/node_modules/.package-lock.json $(WEB)
	cd web && npx vite build
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci
	touch $@

clean:
	rm -rf build web/dist

build/%/build.ninja: Makefile
	$(MESON) setup $(if $(wildcard $@),--reconfigure) build/$* $(SETUP_$*)
