"""Pays a contact: pay.py WALLET CONTACT AMOUNT LINK, while `dsm --home WALLET daemon` runs."""
import fcntl, json, sys, urllib.error, urllib.request

wallet, contact, amount, link = sys.argv[1:]
try:
    fcntl.flock(file := open(f"{wallet}/daemon.json"), fcntl.LOCK_SH | fcntl.LOCK_NB)
    raise FileNotFoundError  # nobody has it locked: its daemon was killed
except BlockingIOError: access = json.load(file)
except FileNotFoundError: sys.exit(f"no daemon serves {wallet}: start `dsm --home {wallet} daemon`")
body = json.dumps({"contact": contact, "amount": amount, "link": link}).encode()
headers = {"Authorization": f"Bearer {access['token']}", "Content-Type": "application/json"}
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the token is for the daemon alone
try:
    payment = json.load(opener.open(urllib.request.Request(f"http://{access['address']}/v1/payments", body, headers)))
    print(f"entry {payment['entry']} is {payment['state']}")
except urllib.error.HTTPError as error: sys.exit(json.load(error)["error"])  # it says what to do next
