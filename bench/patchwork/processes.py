"""What is measured of processes."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request


def fail(why):
    sys.exit(f"bench: {why}")


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return fail(f"waited {seconds} s for {what}")


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory_mb(pid, what="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(rf"{what}:\s+(\d+)", status.read()).group(1)) / 1000


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def load(url, pids, connections=4, seconds=10):
    """Requests a second and milliseconds of the server's processor time for each, by wrk."""
    if not shutil.which("wrk"):
        fail("wrk is not installed: script/bootstrap")
    get(url)
    subprocess.run(["wrk", "-t1", f"-c{connections}", "-d1s", url], capture_output=True, check=True)
    cpu = cpu_seconds(pids)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
                          url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        fail(f"{url}: not every answer is 200\n{out}")
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    return rate, (cpu_seconds(pids) - cpu) * 1000 / requests
