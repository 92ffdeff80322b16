"""Builds what is compared: the C programs against the staged library, the Go one, the venv."""
import os
import shlex
import subprocess

from places import BIN, DIST, HERE, OUT, PYTHON, ROOT, VENV, fail, tool

CFLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra")
C_PROGRAMS = {
    "measure": (),
    "results/ours": ("batchjobs",), "results/ours_batch": ("batchjobs",), "results/bare": ("libcurl", "libisal"),
    "memory/ours": ("batchjobs",),
    "list/ours": ("batchjobs",), "list/bare": ("libcurl",), "list/jansson": ("libcurl", "jansson"),
    "latency/ours": ("batchjobs",), "latency/sequential": ("libcurl", "jansson"),
    "status/ours": ("batchjobs",), "status/bare": ("libcurl",),
    "overload/ours": ("batchjobs",), "cancel/ours": ("batchjobs",),
    "waiting/ours": ("batchjobs",), "waiting/one_by_one": ("batchjobs",),
    "footprint/objects": ("batchjobs",), "footprint/easy": ("libcurl",),
}
# These load their library themselves and know only its header.
LOADERS = {"footprint/start_ours": "batchjobs", "footprint/start_curl": "libcurl"}
GO_PROGRAMS = ("list/go", "results/go", "list/ours_go", "results/ours_go", "latency/go")
# A program of benchmarks/python, with the package of this tree.
PACKAGE = ["/bin/sh", str(HERE / "python/run.sh"), str(PYTHON), str(DIST)]


def pkg_config(*arguments):
    environment = {**os.environ, "PKG_CONFIG_PATH": str(DIST / "lib/pkgconfig")}
    found = subprocess.run([tool("pkg-config", "pkg-config"), *arguments], capture_output=True, text=True, env=environment)
    if found.returncode:
        fail(found.stderr.strip())
    return shlex.split(found.stdout)


def program(name):
    return str(BIN / name.replace("/", "-"))


def c_program(name):
    packages = C_PROGRAMS.get(name)
    if packages is None:
        flags = [*pkg_config("--cflags", LOADERS[name]), "-ldl"]
    else:
        flags = pkg_config("--cflags", "--libs", *packages) if packages else []
    if "batchjobs" in (packages or ()):
        flags.append(f"-Wl,-rpath,{DIST / 'lib'}")
    threads = ["-pthread"] if name.startswith("cancel") else []
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), *CFLAGS, str(HERE / f"{name}.c"), *flags,
                    *threads, "-o", program(name)], check=True)


def c_programs(names=(*C_PROGRAMS, *LOADERS)):
    if not (DIST / "lib/libbatchjobs.so").exists():
        fail('run "make dist" first')
    BIN.mkdir(parents=True, exist_ok=True)
    for name in names:
        c_program(name)


def venv():
    """Its own, because that of the tests is made anew whenever their requirements change."""
    wanted = (HERE / "requirements.txt").read_bytes()
    stamp = VENV / "requirements.txt"
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    print("bench: making .build-bench/venv", flush=True)
    subprocess.run(["python3", "-m", "venv", "--clear", str(VENV)], check=True)
    subprocess.run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "-r", str(HERE / "requirements.txt")], check=True)
    stamp.write_bytes(wanted)


def go(*arguments):
    """The standard library is all that is used: nothing may be fetched."""
    environment = {**os.environ, "GOCACHE": str(OUT / "go/cache"), "GOPATH": str(OUT / "go/path"),
                   "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "", "GOENV": "off", "GOTELEMETRY": "off",
                   "PKG_CONFIG_PATH": str(DIST / "lib/pkgconfig"), "CGO_LDFLAGS": f"-O2 -g -Wl,-rpath,{DIST / 'lib'}"}
    done = subprocess.run([str(VENV / "bin/go"), *arguments], cwd=HERE, env=environment,
                          check=True, capture_output=True, text=True)
    return done.stdout.strip()


def everything():
    c_programs()
    venv()
    # Installed packages are compiled, so ours may be too.
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", str(ROOT / "bindings/python/src")], check=True)
    for name in GO_PROGRAMS:
        go("build", "-o", program(name), f"./{name}")


def versions():
    """What was compared, in words."""
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    packages = subprocess.run([str(PYTHON), "-m", "pip", "freeze"], capture_output=True, text=True).stdout.split()
    python = first_line(str(PYTHON), "--version")
    nginx = subprocess.run([tool("nginx", "nginx-light"), "-v"], capture_output=True, text=True).stderr.strip()
    commit = "another build"
    if DIST == ROOT / "dist":
        changed = git("status", "--porcelain", "--", "Sources", "include", "Package.swift")
        commit = f"commit {git('rev-parse', '--short', 'HEAD')}" + (" and changes" if changed else "")
    return [
        f"libbatchjobs {pkg_config('--modversion', 'batchjobs')[0]} ({commit})",
        *(f"{name} {pkg_config('--modversion', name)[0]}" for name in ("libcurl", "jansson", "libisal")),
        go("env", "GOVERSION"), python,
        *(name.replace("==", " ") for name in packages if name.split("==")[0] in ("requests", "httpx", "h2", "urllib3", "dlt", "orjson")),
        nginx.replace("nginx version: ", ""), first_line("cc", "--version"),
    ]
