----------------------------- MODULE TraceSpend -----------------------------
(* Whether logs of the simulator (crates/dsm-sim) are behaviours of Spend: what the honest devices of a world wrote, accepted, and
   found to have forked, while others copied their disks and forged.

   The projection. The heads that can exist (U) are the entries that were written in the worlds, by anybody, the forger's too: who wrote
   it, after which, what it consumes, what it makes, each note with its owner, amount and floor. What there is at first are lots. From
   these Spend computes, as it does for its own heads, what each lineage shows and whether it is sound (R-19, R-22, R-23, R-25), and
   judges (R-13, R-43, R-44, classes). A step takes one event off the log; a log is accepted if all of it is taken:

   - wrote: last, for honest devices (Pass, MayPay); what cheats wrote is there from then on (made);
   - took: Accept, into got, in the class that Spend gives it;
   - found: proof. The device has written two heads at one index before. By which message the proof came is not asked;
   - met: at the end all honest people met until nobody learned anything. Who accepted what was spent twice holds the proof.

   Not covered: worlds in which somebody honest was paid with value that a cheat issued; entries without value that are accepted (what
   they show is known to no model here); refusals, but for what they leave in proof; what is missed before the end; caps and the number
   of hops; nodes and certificates, of which the worlds have none; chips: what the worlds call anchored is exposed here, and the Chips of
   the simulator is what stands against a second spend of it.

   TraceWorlds is written by `cargo xtask tla`: the entries of some worlds and their logs, as they are and with a fault. *)
EXTENDS Spend, TraceWorlds

(* ------------------------------ the heads that exist ------------------------------ *)

Most == 16 \* outputs of an entry
TraceLot(n) == n < Len(Given)
TraceOfLot(n) == Given[n + 1]
TraceMaker(n) == (n - Len(Given)) \div Most + 1
TraceOutput(n) == ((n - Len(Given)) % Most) + 1
TraceIdOf(u, k) == Len(Given) + Most * (u - 1) + k - 1

RECURSIVE Sum(_, _)
Sum(q, k) == IF k > Len(q) THEN 0 ELSE q[k].amount + Sum(q, k + 1)
RECURSIVE SumOf(_, _)
SumOf(W, S) == IF S = {} THEN 0 ELSE LET n == CHOOSE x \in S : TRUE IN Note(W, n).amount + SumOf(W, S \ {n})
TraceConserves(W, r) == Sum(r.outs, 1) = SumOf(W, r.ids)

\* Entries of one world.
TraceBeside(u) == {v \in Packs : WorldOf[v] = WorldOf[u]}

\* W is looked at first, so that it is there before the next is appended: TLC has little stack.
RECURSIVE FullFrom(_, _, _)
FullFrom(W, lo, hi) ==
  IF Len(W) >= 0 /\ lo = hi THEN TLCEval(Append(W, Full(W, Written[lo])))
  ELSE LET mid == (lo + hi) \div 2 IN FullFrom(TLCEval(FullFrom(W, lo, mid)), mid + 1, hi)
TraceGrow(W, k) == FullFrom(W, 1, Len(Written))

(* ------------------------------ the log ------------------------------ *)

VARIABLES chosen, taken, made

Log == Logs[chosen]
Event == Log[taken + 1]
Is(e) == taken < Len(Log) /\ Event.e = e
Takes == taken' = taken + 1 /\ UNCHANGED chosen

Given_(p, u) == {n \in U[u].ids : Lot(n) /\ OfLot(n).to = p}

TraceWrote ==
  LET u == Event.u
      p == U[u].dev
  IN /\ Is("wrote") /\ Takes
     /\ IF p \in Honest
        THEN /\ U[u].prev = last[p]
             /\ U[u].ids # {} => MayPay(p, u, got[p] \cup Path[last[p]], Given_(p, u))
             /\ last' = [last EXCEPT ![p] = u]
             /\ UNCHANGED made
        ELSE /\ U[u].prev \in made \cup {0}
             /\ made' = made \cup {u}
             /\ UNCHANGED last
     /\ UNCHANGED <<count, evid, held, pins, listed, got, proof, met, time>>

TraceTook ==
  LET p == Event.p
      u == Event.u
  IN /\ Is("took") /\ Takes
     /\ u \in To[p]
     /\ \A x \in U[u].lin : U[x].dev \in Cheats => x \in made
     /\ Accept(p, u)
     /\ Event.class = Class(p, u, proof[p])
     /\ UNCHANGED made

\* Some lines of d that were written show two heads at one index.
Forks(d) == \E x, y \in made : x # y /\ U[x].dev = d /\ U[y].dev = d /\ Depth[x] = Depth[y]
TraceFound ==
  LET p == Event.p
      d == Event.of
  IN /\ Is("found") /\ Takes
     /\ d \in Cheats /\ Forks(d)
     /\ proof' = [proof EXCEPT ![p] = @ \cup {d}]
     /\ UNCHANGED <<count, evid, held, pins, last, listed, got, met, time, made>>

TraceMet ==
  LET p == Event.p
      q == Event.q
  IN /\ Is("met") /\ Takes
     /\ \A u \in got[p], v \in got[q] : Twice[u][v] \subseteq proof[p] \cap proof[q]
     /\ met' = met \cup {{p, q}}
     /\ UNCHANGED <<count, evid, held, pins, last, listed, got, proof, time, made>>

TraceInit == Init /\ chosen \in DOMAIN Logs /\ taken = 0 /\ made = {}
TraceNext == TraceWrote \/ TraceTook \/ TraceFound \/ TraceMet

\* Says which logs are taken to their end.
Says == taken = Len(Log) => PrintT(<<"accepted", chosen>>)
\* What Spend asks of all its states holds after every event of a log without a fault. (Not all that honest devices write pays.)
PaysWell == \A p \in Honest : \A x \in Path[last[p]] \ {0} : U[x].outs # << >> => U[x].ok
Sound == chosen \in Whole => NoHonestAccused /\ CountsOnce /\ CheatIsProved /\ PaysWell /\ NoDoubleAccept
\* How far each came, when a refusal is to be understood.
Furthest == PrintT(<<"came to", chosen, taken>>)
=============================================================================
