------------------------------- MODULE Purse -------------------------------
(* A purse: a deposit in a vault that the payee may claim with the payer's voucher for a sum at any time, and the payer from a height on.
   Protocol: class purse, vault slots in rounds (ADR 0018).

   Vouchers are cumulative; the payer may sign any number of them, hand over old ones, more than the deposit, and open a second purse
   with the same note. The payee closes before the height. A claim carries its voucher, so whether it is valid is settled when it is
   written: claim 2v + 1 is valid for the sum v, 2v is not. Slot 1 of each node is the payee's; the payer bars it from its height on, by
   each node's headers, and then writes a list into slot 2: the sum that enough bars show, then itself. Who is not in Fair does what it
   likes. F nodes sign anything. Links, and the vouchers' way to the payee, are Session's. *)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Off,       \* guards that are switched off
  Nodes, F,  \* honest nodes, lying nodes
  Quorum,    \* receipts in a certificate of a slot
  Bars,      \* bars that the payer's list carries
  Threshold, \* how many of them must show a claim for it to stand first
  Deposit,
  Until,     \* the payer's height
  Margin,    \* how many heights before it the payee closes
  Span,      \* the last height
  Ahead,     \* nodes whose headers are one height ahead
  Fair       \* "payee", "payer": who does what its wallet does

On(g) == g \notin Off
Sums == 1 .. Deposit + 1

VARIABLES
  height,
  opened,  \* by node: the purse, 1 or 2, that the deposit's note went into, or 0
  signed,  \* sums of vouchers that the payer signed
  have,    \* the newest voucher that a fair payee accepted for goods
  closing, \* the claim with which a fair payee closes, or 0
  first,   \* by node: slot 1, a claim or 0
  barred,  \* nodes that take nothing in slot 1 any more
  plan,    \* the list of a fair payer, 0 for none yet
  second,  \* by node: slot 2, 1 + the claim that stands before the payer's (1: none), or 0
  won      \* history: who ever had a certificate, a sum for the payee or 0 for the payer

vars == <<height, opened, signed, have, closing, first, barred, plan, second, won>>

Clock(n) == IF n \in Ahead THEN height + 1 ELSE height
Sum(c) == c \div 2
Valid(c) == IF On("inside") THEN c % 2 = 1 ELSE Sum(c) \in signed /\ Sum(c) <= Deposit

Init ==
  /\ height = 1 /\ opened = [n \in Nodes |-> 0] /\ signed = {} /\ have = 0 /\ closing = 0
  /\ first = [n \in Nodes |-> 0] /\ barred = {} /\ plan = 0 /\ second = [n \in Nodes |-> 0] /\ won = {}

(* ------------------------------ what receipts show ------------------------------ *)

Enough(S) == Cardinality(S) + F >= IF On("quorum") THEN Quorum ELSE Quorum - 1
Open(p) == Enough({n \in Nodes : opened[n] = p})

Winners(f, s) ==
  LET ones == {c \in {f[n] : n \in Nodes} \ {0} : Enough({n \in Nodes : f[n] = c})}
      twos == {l \in {s[n] : n \in Nodes} \ {0} : Enough({n \in Nodes : s[n] = l})}
  IN {Sum(c) : c \in {d \in ones : Valid(d)}} \cup {IF l > 1 /\ Valid(l - 1) THEN Sum(l - 1) ELSE 0 : l \in twos}

Record == won' = won \cup Winners(first', second')

(* ------------------------------ actions ------------------------------ *)

(* The payer sends the entry that opens a purse to a node; two entries, if it cheats. *)
Register(n, p) ==
  /\ opened[n] = 0
  /\ "payer" \in Fair => p = 1
  /\ opened' = [opened EXCEPT ![n] = p]
  /\ UNCHANGED <<height, signed, have, closing, first, barred, plan, second, won>>

Sign(v) ==
  /\ v \notin signed
  /\ "payer" \in Fair => v <= Deposit
  /\ signed' = signed \cup {v}
  /\ UNCHANGED <<height, opened, have, closing, first, barred, plan, second>>
  /\ won' = won \cup Winners(first, second)'

(* A fair payee gives goods for what a voucher adds. *)
Take(v) ==
  /\ "payee" \in Fair
  /\ v \in signed /\ v > have
  /\ On("cap") => v <= Deposit
  /\ On("opened") => Open(1)
  /\ On("stops") => closing = 0
  /\ On("in_time") => height + Margin < Until
  /\ have' = v
  /\ UNCHANGED <<height, opened, signed, closing, first, barred, plan, second, won>>

(* It decides once what to claim. *)
Close(v) ==
  /\ "payee" \in Fair /\ closing = 0 /\ have > 0
  /\ IF On("newest") THEN v = have ELSE v \in signed
  /\ closing' = 2 * v + (IF v <= Deposit THEN 1 ELSE 0)
  /\ UNCHANGED <<height, opened, signed, have, first, barred, plan, second, won>>

(* The payee's claim reaches a node. A hostile payee writes what it likes; only what the payer signed, and the deposit covers, is valid. *)
WriteOne(n, v) ==
  LET ok == (On("voucher") => v \in signed) /\ (On("conserve") => v <= Deposit)
      c == 2 * v + (IF ok THEN 1 ELSE 0)
  IN /\ first[n] = 0
     /\ On("barred") => n \notin barred
     /\ "payee" \in Fair => c = closing
     /\ first' = [first EXCEPT ![n] = c]
     /\ UNCHANGED <<height, opened, signed, have, closing, barred, plan, second>>
     /\ Record

(* A fair payee has closed before the margin begins. *)
Tick ==
  /\ height < Span
  /\ ("payee" \in Fair /\ On("in_time") /\ height + 1 + Margin >= Until /\ have > 0)
       => closing # 0 /\ \A n \in Nodes : n \notin barred => first[n] # 0
  /\ height' = height + 1
  /\ UNCHANGED <<opened, signed, have, closing, first, barred, plan, second, won>>

Bar(n) ==
  /\ n \notin barred
  /\ On("not_before") => Clock(n) >= Until
  /\ barred' = barred \cup {n}
  /\ UNCHANGED <<height, opened, signed, have, closing, first, plan, second, won>>

(* The lists that Bars bars allow. Liars bar at once and show whatever helps. *)
Shown(S, c) == Cardinality({n \in S : first[n] = c})
Allowed(l) ==
  \E S \in SUBSET barred :
    /\ Cardinality(S) <= Bars
    /\ Cardinality(S) + F >= Bars
    /\ IF l = 1 THEN \A c \in {first[n] : n \in S} \ {0} : Shown(S, c) < Threshold
       ELSE Shown(S, l - 1) + (Bars - Cardinality(S)) >= Threshold
Lists == {1} \cup {1 + c : c \in {first[n] : n \in Nodes} \ {0}}

Plan(l) ==
  /\ "payer" \in Fair /\ plan = 0
  /\ Allowed(l)
  /\ plan' = l
  /\ UNCHANGED <<height, opened, signed, have, closing, first, barred, second, won>>

WriteTwo(n, l) ==
  /\ second[n] = 0
  /\ On("not_before") => Clock(n) >= Until
  /\ On("justified") => Allowed(l)
  /\ "payer" \in Fair /\ On("one_list") => l = plan
  /\ second' = [second EXCEPT ![n] = l]
  /\ UNCHANGED <<height, opened, signed, have, closing, first, barred, plan>>
  /\ Record

RegisterAny == \E n \in Nodes, p \in {1, 2} : Register(n, p)
SignAny == \E v \in Sums : Sign(v)
TakeAny == \E v \in Sums : Take(v)
CloseAny == \E v \in Sums : Close(v)
WriteOneAny == \E n \in Nodes, v \in Sums : WriteOne(n, v)
BarAny == \E n \in Nodes : Bar(n)
PlanAny == \E l \in Lists : Plan(l)
WriteTwoAny == \E n \in Nodes, l \in Lists : WriteTwo(n, l)

Next == RegisterAny \/ SignAny \/ TakeAny \/ CloseAny \/ WriteOneAny \/ Tick \/ BarAny \/ PlanAny \/ WriteTwoAny

Spec == Init /\ [][Next]_vars

(* ------------------------------ what must hold ------------------------------ *)

Without(S) == Cardinality(S) >= Quorum

(* Nobody gets both: all certificates name one outcome. *)
OneWinner == Cardinality(won) <= 1

(* The payee never gets more than the payer signed, nor more than there is. *)
NeverMore == \A v \in won : v = 0 \/ (v \in signed /\ v <= Deposit)

(* A fair payee has goods outstanding for its newest voucher only, and whoever wins, that is what it gets. *)
PayeeGetsNewest == "payee" \in Fair /\ have > 0 => won \subseteq {have}

(* Once the payer may come, the claim of a fair payee is certified without any liar's help. *)
PayeeIsThere ==
  "payee" \in Fair /\ have > 0 /\ (\E n \in Nodes : Clock(n) >= Until) => Without({n \in Nodes : first[n] = 2 * have + 1})

(* Goods are given only for a deposit that is in this purse and in no other. *)
NotElsewhere == "payee" \in Fair /\ have > 0 => ~Open(2)

(* The payer gets nothing before its height. *)
PayerWaits == 0 \in won => \E n \in Nodes : Clock(n) >= Until

(* A fair payer that wrote to every node knows who won, whatever the payee did. *)
PayerLives ==
  "payer" \in Fair /\ (\A n \in Nodes : second[n] # 0) =>
    Without({n \in Nodes : second[n] = plan}) \/ \E n \in Nodes : Without({m \in Nodes : first[m] = first[n] /\ first[n] # 0})

(* ------------------------------ what must be reached ------------------------------ *)

Never_Closed == \A v \in won : v = 0
Never_Newer == ~(have > 1 /\ Cardinality(signed) > 1 /\ have \in won)
Never_Refunded == 0 \notin won
Never_Split == \A n, m \in Nodes : first[n] = 0 \/ first[m] = 0 \/ first[n] = first[m]
Never_Adopted == \A n \in Nodes : second[n] < 2
Never_Answered == ~("payer" \in Fair /\ \A n \in Nodes : second[n] # 0)
Never_Elsewhere == ~Open(2)
Never_Came == ~(have > 0 /\ \E n \in Nodes : Clock(n) >= Until)
=============================================================================
