"""The measurements of scripts/bench: bulk TCP through the gateway under each engine, alternating, medians and ratios.

The lab (client, gateway, server, nginx) is up; its names come in environment variables. Every repetition runs every
configuration in turn, so that noise of the machine falls on all alike.
"""
import argparse
import datetime
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

ENV = os.environ
CLIENT, GATEWAY, LAB = ENV["client"], ENV["gateway"], ENV["lab_dir"]
WEIR = ENV["weir"]
HOME_NET = "[10.91.0.0/24,fd91::/16]"
URL = "http://www.example.com/big"
RESOLVE = "www.example.com:80:198.51.100.10"

# The shipped allow-list in the form Suricata reads: it has no strict order and no default actions.
SURICATA_RULES = """
pass tcp $HOME_NET any -> $EXTERNAL_NET [53,80,443] (msg:"tcp control out"; flow:to_server; dsize:0; sid:101; rev:1;)
pass tcp $EXTERNAL_NET [53,80,443] -> $HOME_NET any (msg:"tcp control back"; flow:to_client; dsize:0; sid:102; rev:1;)
pass dns $HOME_NET any -> $EXTERNAL_NET 53 (msg:"dns"; sid:121; rev:1;)
pass tls $HOME_NET any -> $EXTERNAL_NET any (tls.sni; dotprefix; content:".example.com"; nocase; endswith; flow:to_server,established; sid:201; rev:1;)
pass http $HOME_NET any -> $EXTERNAL_NET any (http.host; dotprefix; content:".example.com"; endswith; flow:to_server,established; sid:202; rev:1;)
drop tcp any any -> any any (msg:"not on the allow-list"; flow:established; sid:901; rev:1;)
drop udp any any -> any any (msg:"not on the allow-list"; sid:902; rev:1;)
"""
SURICATA_YAML = """%YAML 1.1
---
vars:
  address-groups: {HOME_NET: "[10.91.0.0/24,fd91::/16]", EXTERNAL_NET: "!$HOME_NET"}
default-log-dir: @DIR@
stats: {enabled: yes, interval: 3600}
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert, drop, tls, http, dns, flow]}
logging: {default-log-level: notice, outputs: [{console: {enabled: yes}}]}
app-layer:
  protocols:
    tls: {enabled: yes, detection-ports: {dp: 443}}
    http: {enabled: yes}
    dns: {tcp: {enabled: yes, detection-ports: {dp: 53}}, udp: {enabled: yes, detection-ports: {dp: 53}}}
runmode: workers
stream: {checksum-validation: no, inline: auto}
nfq: {mode: accept}
unix-command: {enabled: no}
classification-file: /dev/null
reference-config-file: /dev/null
threshold-file: /dev/null
"""


def in_ns(namespace, *command, **options):
    return subprocess.run(["ip", "netns", "exec", namespace, *command], **options)


class Engine:
    """A program that serves queue 0 of the gateway, and the rules that feed it."""

    def __init__(self, name, command, sealed):
        self.name, self.command, self.sealed, self.process = name, command, sealed, None

    def start(self):
        if self.command is None:
            return
        if self.sealed:
            subprocess.run(["scripts/gateway", "install", "--netns", GATEWAY], check=True, capture_output=True)
        else:
            self.plain_queue("-A")
        log = open(f"{LAB}/{self.name.replace(' ', '-')}.log", "w")
        self.process = subprocess.Popen(["ip", "netns", "exec", GATEWAY, *self.command], stdout=log, stderr=log)
        for _ in range(300):
            table = in_ns(GATEWAY, "cat", "/proc/net/netfilter/nfnetlink_queue", capture_output=True, text=True).stdout
            if table.strip():
                break
            if self.process.poll() is not None:
                sys.exit(f"{self.name} did not start: {open(log.name).read()[-800:]}")
            time.sleep(0.1)
        time.sleep(0.5)

    def plain_queue(self, operation):
        for tool in ("iptables", "ip6tables"):
            variants = [tool + "-legacy", tool] if shutil.which(tool + "-legacy") else [tool]
            for variant in variants:
                command = [variant, "-t", "mangle", operation, "FORWARD", "-j", "NFQUEUE", "--queue-num", "0"]
                if in_ns(GATEWAY, *command, capture_output=True).returncode == 0:
                    break

    def cpu(self):
        """User and system seconds of the process."""
        if self.process is None:
            return 0.0
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        if self.command is None:
            return
        if self.sealed:
            subprocess.run(["scripts/gateway", "remove", "--netns", GATEWAY], check=True, capture_output=True)
        else:
            self.plain_queue("-D")


def received():
    """Bytes the client's interface has taken in."""
    path = "/sys/class/net/c0/statistics/rx_bytes"
    return int(in_ns(CLIENT, "cat", path, capture_output=True, text=True).stdout)


def bulk(seconds):
    """Bytes that one client downloads in the time, request after request on one connection."""
    command = ["ip", "netns", "exec", CLIENT, "curl", "-s", "--noproxy", "*", "--resolve", RESOLVE]
    for _ in range(400):
        command += ["-o", "/dev/null", URL]
    download = subprocess.Popen(command)
    time.sleep(0.3)
    started, before = time.monotonic(), received()
    time.sleep(seconds)
    size, elapsed = received() - before, time.monotonic() - started
    download.kill()
    download.wait()
    return size, elapsed


def engines():
    found = [Engine("plain forwarding", None, False)]
    if shutil.which("suricata"):
        directory = f"{LAB}/suricata"
        os.makedirs(directory, exist_ok=True)
        open(f"{directory}/suricata.yaml", "w").write(SURICATA_YAML.replace("@DIR@", directory))
        open(f"{directory}/rules", "w").write(SURICATA_RULES)
        base = ["suricata", "-c", f"{directory}/suricata.yaml", "-S", f"{directory}/rules", "-l", directory, "-k", "none",
                "--runmode", "workers", "-q", "0"]
        found.append(Engine("Suricata default", base, False))
        found.append(Engine("Suricata tuned", base + ["--set", "nfq.batchcount=20", "--set", "nfq.fail-open=yes"], False))
    found.append(Engine("Weir", [WEIR, "run", "--policy", "rules/policy.yaml", "--log-dir", f"{LAB}/weir", "--set",
                                 f"vars.HOME_NET={HOME_NET}"], True))
    return found


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--quick", action="store_true", help="two repetitions of two seconds")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--output", help="folder for results.json")
    options = parser.parse_args()
    if options.quick:
        options.repetitions, options.seconds = 2, 2
    configurations = engines()
    samples = {engine.name: [] for engine in configurations}
    for repetition in range(options.repetitions):
        for engine in configurations:
            engine.start()
            try:
                before = engine.cpu()
                size, elapsed = bulk(options.seconds)
                used = engine.cpu() - before
            finally:
                engine.stop()
            samples[engine.name].append({"gbit_s": size * 8 / elapsed / 1e9, "cpu_s_per_gb": used / (size / 1e9) if size else 0})
            print(f"  {repetition + 1}/{options.repetitions} {engine.name:18s} {samples[engine.name][-1]['gbit_s']:7.2f} Gbit/s",
                  file=sys.stderr)
    report(samples, options)


def report(samples, options):
    def median(name, key):
        return statistics.median(sample[key] for sample in samples[name])

    weir = median("Weir", "gbit_s")
    print(f"\nBulk TCP (HTTP download), every packet inspected, EVE on; {options.repetitions} repetitions of "
          f"{options.seconds} s, medians")
    print(f"{'':20s}{'Gbit/s':>9s}{'min':>8s}{'max':>8s}{'CPU s/GB':>10s}{'Weir is':>10s}")
    for name, rows in samples.items():
        rates = [row["gbit_s"] for row in rows]
        rate = median(name, "gbit_s")
        ratio = f"{weir / rate:.2f}x" if rate else "-"
        print(f"{name:20s}{rate:9.2f}{min(rates):8.2f}{max(rates):8.2f}{median(name, 'cpu_s_per_gb'):10.3f}{ratio:>10s}")
    if options.output:
        os.makedirs(options.output, exist_ok=True)
        version = ""
        if shutil.which("suricata"):
            version = re.sub(r"\s+", " ", subprocess.run(["suricata", "-V"], capture_output=True, text=True).stdout.strip())
        json.dump({"date": datetime.date.today().isoformat(), "kernel": platform.release(), "cpus": os.cpu_count(),
                   "suricata": version, "bulk": samples}, open(f"{options.output}/results.json", "w"), indent=1)
        print(f"written to {options.output}/results.json")


main()
