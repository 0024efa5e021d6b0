"""Runs commands and measures them: wall-clock time from start to exit, and the peak of their memory."""

import json
import statistics
import subprocess
import sys

# A small process in between: the peak that the system reports of a child includes what its parent held when it was forked.
RUNNER = """
import json, os, sys, time
inp, out, *command = sys.argv[1:]
begun = time.monotonic()
pid = os.fork()
if pid == 0:
    if inp:
        os.dup2(os.open(inp, os.O_RDONLY), 0)
    if out:
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        os.dup2(1, 2)
    os.execv(command[0], command)
_, status, usage = os.wait4(pid, 0)
took = time.monotonic() - begun
report = {"seconds": took, "mib": usage.ru_maxrss / 1024, "cpu": usage.ru_utime + usage.ru_stime}
print(json.dumps({**report, "code": os.waitstatus_to_exitcode(status)}))
"""


class Run:
    def __init__(self, seconds, mib, cpu):
        self.seconds, self.mib, self.cpu = seconds, mib, cpu


def run(command, stdin="", stdout="/dev/null"):
    """Runs a command to its end."""
    command = [str(part) for part in command]
    measured = subprocess.run(
        [sys.executable, "-S", "-E", "-c", RUNNER, str(stdin), str(stdout), *command], check=True, capture_output=True, text=True
    )
    report = json.loads(measured.stdout.splitlines()[-1])
    if report["code"] != 0:
        told = open(stdout).read()[-2000:] if stdout != "/dev/null" else ""
        raise SystemExit(f"{command[0]} ended with {report['code']}\n{told}")
    return Run(report["seconds"], report["mib"], report["cpu"])


class Series:
    """Repeated runs of several contenders, interleaved so that a busy moment of the machine hits all alike."""

    def __init__(self, rounds, contenders):
        self.runs = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, contender in contenders.items():
                self.runs[name].append(contender())

    def seconds(self, name):
        return statistics.median(run.seconds for run in self.runs[name])

    def mib(self, name):
        return max(run.mib for run in self.runs[name])

    def cpu(self, name):
        return statistics.median(run.cpu for run in self.runs[name])

    def ratio(self, ours, theirs):
        """Median of the ratios round by round: both of a round saw the same machine."""
        return statistics.median(a.seconds / b.seconds for a, b in zip(self.runs[ours], self.runs[theirs]))
