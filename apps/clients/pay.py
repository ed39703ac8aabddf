"""Pays a contact: pay.py WALLET CONTACT AMOUNT LINK, while `dsm --home WALLET daemon` runs."""
import json, sys, urllib.request

wallet, contact, amount, link = sys.argv[1:]
access = json.load(open(f"{wallet}/daemon.json"))
request = urllib.request.Request(
    f"http://{access['address']}/v1/payments",
    json.dumps({"contact": contact, "amount": amount, "link": link}).encode(),
    {"Authorization": f"Bearer {access['token']}", "Content-Type": "application/json"},
)
payment = json.load(urllib.request.urlopen(request))
print(f"entry {payment['entry']} is {payment['state']}")
