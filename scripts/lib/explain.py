"""Retells an eve.json in plain words: who asked for what, what became of it, which rule decided."""
import ipaddress
import json
import sys


def name_of(event):
    tls, http, dns = event.get("tls", {}), event.get("http", {}), event.get("dns", {})
    if tls.get("sni"):
        return "TLS to " + tls["sni"]
    if http.get("hostname"):
        return "HTTP to " + http["hostname"] + http.get("url", "")
    if dns.get("rrname"):
        return "DNS for " + dns["rrname"]
    return "a connection"


def ends(event):
    def end(address, port):
        text = str(ipaddress.ip_address(event[address]))
        if port not in event:
            return text
        return f"[{text}]:{event[port]}" if ":" in text else f"{text}:{event[port]}"

    return f"{end('src_ip', 'src_port')} to {end('dest_ip', 'dest_port')}"


def tell(event):
    kind = event["event_type"]
    if kind == "tls" or kind == "http":
        return f"read      {name_of(event)} ({ends(event)})"
    if kind == "alert":
        alert = event["alert"]
        verb = "rejected" if event.get("verdict", {}).get("reject") else alert["action"]
        group = event.get("weir", {}).get("rule_group", "")
        return f"{verb:9} {name_of(event)}: {alert['signature']} (sid {alert['signature_id']}, {group})"
    if kind == "drop":
        return f"dropped   a packet {ends(event)}: {event['drop']['reason']}"
    if kind == "flow" and event["flow"].get("action"):
        how = {"pass": "passed", "drop": "dropped"}[event["flow"]["action"]]
        weir = event.get("weir", {})
        rule = f" by sid {weir['signature_id']} of {weir['rule_group']}" if "signature_id" in weir else ""
        return f"flow      {ends(event)} was {how}{rule}"
    return None


def main():
    last, count = None, 0
    for line in open(sys.argv[1]):
        text = tell(json.loads(line))
        if text is None:
            continue
        if text == last:
            count += 1
            continue
        if count:
            print(f"          ... {count} more like it")
        print(text)
        last, count = text, 0


main()
