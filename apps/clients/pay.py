"""Pays a contact: pay.py WALLET CONTACT AMOUNT LINK, while `dsm --home WALLET daemon` runs."""
import json, sys, urllib.request

wallet, contact, amount, link = sys.argv[1:]
access = json.load(open(f"{wallet}/daemon.json"))
request = urllib.request.Request(
    f"http://{access['address']}/v1/payments",
    json.dumps({"contact": contact, "amount": amount, "link": link}).encode(),
    {"Authorization": f"Bearer {access['token']}", "Content-Type": "application/json"},
)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the token is for the daemon alone
payment = json.load(opener.open(request))
print(f"entry {payment['entry']} is {payment['state']}")
