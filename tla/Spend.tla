------------------------------- MODULE Spend -------------------------------
(* One note spent twice: what payees with separate knowledge accept of a payer that can sign anything.
   Rules of spec/: log, notes, lineage, accept, finality (R-16 to R-25, R-43, R-44, classes); protocol: chips, certificates, Close.

   A hash is what it is the hash of, so the heads that can exist are a constant, the sequence U: entry u of U is (writer, entry
   before, ids, outputs), its number is its head. The payer's devices (Cheats) have signed all of theirs, on every branch and under every
   index; honest devices only what lies on their log. State is what cannot be had by signing: what chips have absorbed, what nodes
   hold, what each payee has accepted (got) and knows to be forked (proof). No guard reads what another payee knows.

   The payer can: fork, restore, fill with hidden entries, name ids that it spent before or does not own, choose floors, pass forks on
   through a second device, absorb anything in any order, write any part of any branch to any node in any order. F nodes sign anything.
   Abstracted: amounts are one unit, an entry has at most two outputs, letters and links are Session's, a node's quota is Slots'. *)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
  Off,        \* guards that are switched off
  Cheats,     \* devices of the payer; "C" issues
  Honest,     \* devices of honest payees
  Routes,     \* who may write outputs to whom, as "CA"
  DeepC, DeepD, DeepH, \* entries a line, of "C", of "D", of an honest device
  Rounds,     \* how often U is grown
  Lots,       \* units that may be issued, at most 4
  Shapes,     \* what entries may be: "filler", "void", "steal", "mint", "join", "shift", "junk", "end"
  Anchor,     \* "none", "unbound", "last", "resettable", "designed"
  Nodes, F, Q, \* honest nodes, lying nodes, receipts that make a certificate
  Window,     \* heights between a Close and its End; 0: nobody closes
  Span,       \* the last height
  Asked,      \* receipts that no Close was stored, for class anchored
  Margin,     \* how many heights before the end of the window an honest payee has registered
  Ahead       \* nodes whose headers are one height ahead

On(g) == g \notin Off
HW == Anchor # "none"
Least == IF On("q") THEN Q ELSE Q - 1
RangeOf(s) == {s[i] : i \in DOMAIN s}

(* ------------------------------ the heads that can exist ------------------------------ *)

(* Output k (0 or 1) of entry u has the id 2u + 2 + k; lots have the ids 0 to 3. Head 0 is the start of each log. *)
Lot(n) == n < 4
OfLot(n) == [to |-> "C", fi |-> 0, fh |-> 0]
Maker(n) == n \div 2 - 1
Output(n) == (n % 2) + 1
IdOf(u, k) == 2 * u + 1 + k
Note(W, n) == IF Lot(n) THEN OfLot(n) ELSE W[Maker(n)].outs[Output(n)]
PathOf(W, u) == IF u = 0 THEN << >> ELSE W[u].path
HeadsOf(W, d) == {0} \cup {u \in DOMAIN W : W[u].dev = d}
Deep(d) == CASE d = "C" -> DeepC [] d = "D" -> DeepD [] d = "S" -> 1 [] OTHER -> DeepH
Ids(W) == (0 .. Lots - 1) \cup UNION {{IdOf(u, k) : k \in DOMAIN W[u].outs} : u \in DOMAIN W}
OnPath(W, h, p) == h = 0 \/ h \in RangeOf(PathOf(W, p))

Floors(W, d, p, to) ==
  IF to = d THEN {<<Len(PathOf(W, p)), p>>}
  ELSE {<<Len(PathOf(W, h)) + s, h>> : h \in HeadsOf(W, to), s \in IF "shift" \in Shapes /\ to \in Cheats THEN {0, 1} ELSE {0}}
       \cup (IF "junk" \in Shapes /\ to \in Honest THEN {<<1, 0>>} ELSE {})

Outs(W, d, p) == UNION {{[to |-> to, fi |-> f[1], fh |-> f[2]] : f \in Floors(W, d, p, to)} : to \in {t \in Cheats \cup Honest : d \o t \in Routes}}

(* What a device may name: a payer's device anything that it may hope to pass off as its own, an honest one its own notes. *)
Spendable(W, d, p) ==
  {n \in Ids(W) : LET o == Note(W, n) IN
     \/ o.to = d /\ (OnPath(W, o.fh, p) \/ d \in Honest)
     \/ d \in Cheats /\ "steal" \in Shapes /\ o.to # d}

Shape(W, d, p) ==
  LET own == Spendable(W, d, p)
      outs == Outs(W, d, p)
      one == {[dev |-> d, prev |-> p, ids |-> {n}, outs |-> <<o>>] : n \in own, o \in outs}
      cheat(s) == d \in Cheats /\ s \in Shapes
      end == {[dev |-> "X", prev |-> p, ids |-> {}, outs |-> << >>]}
      after == {[dev |-> "S", prev |-> x, ids |-> {n}, outs |-> <<o>>] :
                  x \in {y \in DOMAIN W : W[y].dev = "X"}, n \in {m \in Ids(W) : Note(W, m).to = "C"}, o \in Outs(W, "S", 0)}
  IN IF d = "S" THEN after ELSE one
     \cup (IF d = "C" /\ "end" \in Shapes THEN end ELSE {})
     \cup (IF cheat("filler") THEN {[dev |-> d, prev |-> p, ids |-> {}, outs |-> << >>]} ELSE {})
     \cup (IF cheat("void") THEN {[dev |-> d, prev |-> p, ids |-> {n}, outs |-> << >>] : n \in own} ELSE {})
     \cup (IF cheat("mint") THEN {[dev |-> d, prev |-> p, ids |-> {n}, outs |-> <<o, o>>] : n \in own, o \in outs} ELSE {})
     \cup (IF cheat("join") THEN {[dev |-> d, prev |-> p, ids |-> x, outs |-> <<o, q>>] :
                                  x \in {y \in SUBSET own : Cardinality(y) = 2}, o \in outs, q \in outs} ELSE {})

Candidates(W) == UNION {UNION {Shape(W, d, p) : p \in {h \in HeadsOf(W, d) : Len(PathOf(W, h)) < Deep(d)}} : d \in Cheats \cup Honest}

(* All outputs are worth the same. *)
Conserves(W, r) == Len(r.outs) = Cardinality(r.ids)

(* Entry w, with what a verifier computes from bytes alone: ok is the verdict on its lineage as far as it needs no signature, chip or
   node; a way is how a run shows the spend of one input, from the floor (fl) to the spend (end). *)
Full(W, r) ==
  LET w == Len(W) + 1
      path == Append(PathOf(W, r.prev), w)
      depth == Len(path)
      way(n, s) ==
        LET o == Note(W, n)
            at == Len(PathOf(W, o.fh))
            fd == IF On("owner") /\ On("floor_run") /\ at < depth THEN at ELSE depth - 1
            fi == IF On("owner") /\ On("floor_run") THEN o.fi + s ELSE fd + s
        IN [fl |-> <<r.dev, fi, IF fd = 0 THEN 0 ELSE path[fd]>>,
            run |-> {<<r.dev, fi + k, path[fd + k]>> : k \in 1 .. depth - fd},
            end |-> <<r.dev, fi + depth - fd, w>>]
      before(n) == LET o == Note(W, n) IN {path[k] : k \in Len(PathOf(W, o.fh)) + 1 .. depth - 1}
      spent(n) ==
        LET o == Note(W, n) IN
        /\ On("owner") => /\ o.to = r.dev                                      \* R-22
                          /\ (o.fh = 0 \/ o.fh \in RangeOf(PathOf(W, r.prev)))   \* R-23
                          /\ (r.dev \in Honest /\ On("floor_run") => o.fi = Len(PathOf(W, o.fh))) \* it signs true indices only
        /\ (On("owner") /\ On("floor_run") /\ On("first")) => \A x \in before(n) : n \notin W[x].ids  \* R-25
      makers == {Maker(n) : n \in {m \in r.ids : ~Lot(m)}}
      hops == {[dev |-> r.dev, at |-> w, ways |-> {way(n, s) : s \in IF On("index") \/ r.dev \in Honest THEN {0} ELSE {0, 1}}] : n \in r.ids}
      places == UNION {UNION {y.run \cup {y.fl} : y \in {way(n, 0)}} : n \in r.ids}
      bytes == IF On("floor_bytes") THEN {} ELSE {<<o.to, o.fi, o.fh>> : o \in RangeOf(r.outs)}
  IN [dev |-> r.dev, prev |-> r.prev, ids |-> r.ids, outs |-> r.outs,
      path |-> TLCEval(path),
      ok |-> TLCEval(/\ r.ids # {} /\ r.outs # << >>
                     /\ \A n \in r.ids : spent(n)
                     /\ On("conserve") => Conserves(W, r)     \* R-19
                     /\ On("lineage") => \A m \in makers : W[m].ok),          \* a dead input voids what rests on it
      lin |-> TLCEval({w} \cup UNION {W[m].lin : m \in makers}),
      hops |-> TLCEval(hops \cup UNION {W[m].hops : m \in makers}),
      pos |-> TLCEval(places \cup bytes \cup UNION {W[m].pos : m \in makers})]

(* The successor S of C spends what is locked to C, after the End that it names as the entry before. *)
FullAfter(W, r) ==
  LET w == Len(W) + 1
      x == r.prev
      path == W[x].path
      note == Note(W, CHOOSE n \in r.ids : TRUE)
      fd == Len(PathOf(W, note.fh))
      shown == {<<"C", note.fi + k, path[fd + k]>> : k \in 1 .. Len(path) - fd}
      fl == <<"C", note.fi, note.fh>>
      own == <<"S", 1, w>>
  IN [dev |-> "S", prev |-> x, ids |-> r.ids, outs |-> r.outs, path |-> <<w>>,
      ok |-> TLCEval(/\ note.fh = 0 \/ note.fh \in RangeOf(path)
                     /\ On("first") => \A k \in fd + 1 .. Len(path) : W[path[k]].ids \cap r.ids = {}
                     /\ \A n \in r.ids : ~Lot(n) => W[Maker(n)].ok),
      lin |-> TLCEval({w} \cup UNION {W[Maker(n)].lin : n \in {m \in r.ids : ~Lot(m)}}),
      hops |-> TLCEval({[dev |-> "C", at |-> x, ways |-> {[fl |-> fl, run |-> shown, end |-> <<"C", note.fi + Len(path) - fd, x>>]}],
                        [dev |-> "S", at |-> w, ways |-> {[fl |-> <<"S", 0, 0>>, run |-> {own}, end |-> own]}]}
                       \cup UNION {W[Maker(n)].hops : n \in {m \in r.ids : ~Lot(m)}}),
      pos |-> TLCEval({own} \cup {y \in shown \cup {fl} : y[3] # x} \cup UNION {W[Maker(n)].pos : n \in {m \in r.ids : ~Lot(m)}})]

Raw(e) == [dev |-> e.dev, prev |-> e.prev, ids |-> e.ids, outs |-> e.outs]
(* Candidates are appended part by part, since TLC has little stack: by the entry before, the first id, the first output's floor. *)
Key(r, k) ==
  CASE k = 1 -> r.prev
    [] k = 2 -> IF r.ids = {} THEN 0 ELSE CHOOSE n \in r.ids : \A m \in r.ids : n <= m
    [] OTHER -> IF r.outs = << >> THEN 0 ELSE r.outs[1].fh
RECURSIVE AddEach(_, _)
AddEach(W, S) ==
  IF Len(W) >= 0 /\ S = {} THEN W
  ELSE LET r == CHOOSE x \in S : TRUE IN AddEach(TLCEval(Append(W, IF r.dev = "S" THEN FullAfter(W, r) ELSE Full(W, r))), TLCEval(S \ {r}))
RECURSIVE AddBy(_, _, _, _, _)
AddBy(W, S, k, lo, hi) ==
  IF Len(W) >= 0 /\ S = {} THEN W
  ELSE IF lo = hi THEN IF k = 3 THEN AddEach(W, S) ELSE AddBy(W, S, k + 1, 0, 2 * Len(W) + 1)
  ELSE LET mid == (lo + hi) \div 2
       IN AddBy(TLCEval(AddBy(W, TLCEval({r \in S : Key(r, k) <= mid}), k, lo, mid)),
                TLCEval({r \in S : Key(r, k) > mid}), k, mid + 1, hi)
RECURSIVE Grow(_, _)
Grow(W, k) ==
  IF k = 0 THEN W
  ELSE Grow(TLCEval(AddBy(W, TLCEval(Candidates(W) \ {Raw(W[u]) : u \in DOMAIN W}), 1, 0, Len(W))), k - 1)

(* Computed once, before the first state, and kept in TLC's registers. *)
U == TLCGet(1)
All == DOMAIN U
Packs == TLCGet(2)    \* entries whose lineage is sound
Path == TLCGet(3)     \* what lies on the line of an entry
Depth == TLCGet(4)
Signers == TLCGet(5)  \* entries of honest devices in a lineage
Hops == TLCGet(6)
To == TLCGet(7)       \* sound entries with an output for p
By == TLCGet(8)       \* entries of p
Mine == TLCGet(9)     \* ids of the outputs of u for p
Conf == TLCGet(10)    \* devices of which two packs together show two heads at one index
Twice == TLCGet(11)   \* devices that spent one id in two ways, to who has both packs
Places == TLCGet(12)  \* positions that any run needs
Lines == TLCGet(13)   \* entries of the payer that any run needs
Ends == TLCGet(14)    \* packs that show the End of C

(* The packs that one payee may see with u. *)
Beside(u) == Packs

Clash(S) == TLCEval({x[1] : x \in {y \in S : \E z \in S : y[1] = z[1] /\ y[2] = z[2] /\ y[3] # z[3]}})
Rivals(S) == TLCEval({U[x].dev : x \in {y \in S : \E z \in S : y # z /\ U[y].ids \cap U[z].ids # {}}})

ASSUME
  /\ TLCSet(1, TLCEval(Grow(<< >>, Rounds)))
  /\ TLCSet(2, TLCEval({u \in All : U[u].ok}))
  /\ TLCSet(3, TLCEval([u \in All \cup {0} |-> TLCEval(IF u = 0 THEN {0} ELSE {0} \cup RangeOf(U[u].path))]))
  /\ TLCSet(4, TLCEval([u \in All \cup {0} |-> TLCEval(Len(PathOf(U, u)))]))
  /\ TLCSet(5, TLCEval([u \in All |-> TLCEval({x \in U[u].lin : U[x].dev \in Honest})]))
  /\ TLCSet(6, TLCEval([u \in All |-> U[u].hops]))
  /\ TLCSet(7, TLCEval([p \in Honest |-> TLCEval({u \in Packs : \E o \in RangeOf(U[u].outs) : o.to = p})]))
  /\ TLCSet(8, TLCEval([p \in Honest |-> TLCEval({u \in All : U[u].dev = p})]))
  /\ TLCSet(9, TLCEval([u \in All |-> TLCEval([p \in Honest |-> TLCEval({IdOf(u, k) : k \in {i \in DOMAIN U[u].outs : U[u].outs[i].to = p}})])]))
  /\ TLCSet(10, TLCEval([u \in Packs |-> TLCEval([v \in Beside(u) |-> Clash(TLCEval(U[u].pos \cup U[v].pos))])]))
  /\ TLCSet(11, TLCEval([u \in Packs |-> TLCEval([v \in Beside(u) |-> Rivals(TLCEval(U[u].lin \cup U[v].lin))])]))
  /\ TLCSet(12, TLCEval(UNION {UNION {UNION {y.run : y \in h.ways} : h \in Hops[u]} : u \in Packs}))
  /\ TLCSet(13, TLCEval({u \in All : U[u].dev \in Cheats \cup {"X"} /\ \E x \in Places : x[3] = u}))
  /\ TLCSet(14, TLCEval({u \in Packs : \E h \in Hops[u] : U[h.at].dev = "X"}))

Reach(d) == Deep(d) + (IF "shift" \in Shapes \/ "index" \in Off THEN 1 ELSE 0)

(* ------------------------------ state ------------------------------ *)

VARIABLES
  count, evid, \* of each chip: its counter; which heads it said it absorbed at which value
  held, pins,  \* of each honest node: positions that it holds with their pairs; starts of writes
  last,        \* the end of each honest log
  listed,      \* how far each honest log is registered
  got,         \* what each payee has accepted
  proof,       \* of which devices each payee holds a fork proof
  met,         \* pairs of payees that exchanged what they know, and accepted nothing since
  height, closed, \* Bitcoin's height; by each honest node: the height at which it stored a Close of C, 0 for none
  due          \* by which height a payee must have registered what it holds in class anchored, 0 for nothing to do

time == <<height, closed, due>>
vars == <<count, evid, held, pins, last, listed, got, proof, met, time>>

Init ==
  /\ count = [d \in Cheats |-> 0] /\ evid = {}
  /\ held = [m \in Nodes |-> {}] /\ pins = [m \in Nodes |-> {}]
  /\ last = [p \in Honest |-> 0] /\ listed = [p \in Honest |-> 0]
  /\ got = [p \in Honest |-> {}] /\ proof = [p \in Honest |-> {}] /\ met = {}
  /\ height = 1 /\ closed = [m \in Nodes |-> 0] /\ due = [p \in Honest |-> 0]

(* The chip's evidence for a run. *)
Evidence(y, S) ==
  CASE Anchor = "none" -> FALSE
    [] Anchor = "unbound" -> count[y.end[1]] >= y.end[2]
    [] Anchor = "last" \/ "each_index" \in Off -> y.end \in S
    [] OTHER -> y.run \subseteq S

(* Does node m sign for the range from the floor to the spend? *)
Holds(m, y) ==
  /\ y.end \in held[m]
  /\ On("range") => y.run \subseteq held[m] /\ y.fl \in held[m] \cup pins[m]

Fills(m, y, h) == <<y.end[1], y.end[2], h>> \in held[m] /\ \A x \in y.run : \E z \in held[m] : z[1] = x[1] /\ z[2] = x[2]

Certified(h) ==
  IF h.dev \in Honest THEN h.at \in Path[listed[h.dev]]
  ELSE \E y \in h.ways :
         IF On("leaf") THEN Cardinality({m \in Nodes : Holds(m, y)}) + F >= Least
         ELSE \E x \in All : Cardinality({m \in Nodes : Fills(m, y, x)}) + F >= Least

Bound(h) == h.dev \in Honest \/ \E y \in h.ways : Evidence(y, evid)

Clock(m) == IF m \in Ahead THEN height + 1 ELSE height

(* The newest height at which Asked nodes can have signed that C was not closed, and when what rests on it must be registered. *)
Witness(m) == IF closed[m] = 0 THEN Clock(m) ELSE closed[m]
NoClose == LET h == {x \in 0 .. Span + 1 : Cardinality({m \in Nodes : Witness(m) >= x}) + F >= Asked}
           IN IF h = {} THEN 0 ELSE CHOOSE x \in h : \A y \in h : x >= y
Limit == NoClose + Window
Ended(h) == h.at # 0 /\ U[h.at].dev = "X"

(* 0 refused, 1 exposed, 2 anchored, 3 registered; forks is what p knows, ended that it knows the End of C. *)
HopClass(p, h, forks, ended) ==
  IF Ended(h) THEN IF Certified(h) \/ ~On("end_certified") THEN 3 ELSE 0
  ELSE IF HW /\ ~Bound(h) THEN 0                        \* no signed head without evidence
  ELSE IF h.dev = p THEN 3
  ELSE IF Certified(h) /\ (On("spares") \/ h.dev \notin forks) THEN 3
  ELSE IF h.dev \in forks /\ On("tripwire") THEN 0 \* R-44
  ELSE IF h.dev = "C" /\ ended /\ On("end_counts") THEN 0
  ELSE IF HW /\ (Window = 0 \/ height + Margin < Limit \/ ~On("no_close")) THEN 2 ELSE 1

Signed(u) == On("signed") => \A x \in Signers[u] : x \in Path[last[U[x].dev]]  \* R-13

Class(p, u, forks) ==
  LET c == {HopClass(p, h, forks, (got[p] \cup {u}) \cap Ends # {}) : h \in Hops[u]}
  IN CHOOSE x \in c : \A y \in c : IF On("weakest") THEN x <= y ELSE x >= y

Judge(p, u) == Class(p, u, proof[p])
New(p, u) == UNION {Conf[u][v] : v \in got[p] \cup {u}}

OwnFloor(p, o) == o.fh \in Path[last[p]] /\ o.fi = Depth[o.fh]

(* ------------------------------ actions ------------------------------ *)

(* A chip moves on by one; one that can be reset, from anywhere that it was. *)
Absorb(d, x) ==
  \E from \in IF Anchor = "resettable" THEN 0 .. count[d] ELSE {count[d]} :
    /\ HW /\ from < Reach(d)
    /\ x = 0 \/ <<d, from + 1, x>> \in Places   \* what no run needs is all the same
    /\ count' = [count EXCEPT ![d] = from + 1]
    /\ evid' = IF x = 0 THEN evid ELSE evid \cup {<<d, from + 1, x>>}
    /\ UNCHANGED <<held, pins, last, listed, got, proof, met, time>>

(* Anybody writes the part of the line of u after its entry number s to node m, under indices moved by t. *)
Write(m, u, s, t) ==
  LET end == U[u].dev = "X"
      d == IF end THEN "C" ELSE U[u].dev
      at(k) == <<d, k + t, IF k = 0 THEN 0 ELSE U[u].path[k]>>
      new == {at(k) : k \in s + 1 .. Len(U[u].path)}
      known == held[m] \cup pins[m]
  IN /\ (HW /\ ~end /\ On("node_evidence") /\ Anchor \in {"designed", "resettable"}) => new \subseteq evid
     /\ end => /\ s = Len(U[u].path) - 1
               /\ closed[m] # 0 /\ (On("window") => Clock(m) >= closed[m] + Window)
               /\ s = 0 \/ at(s) \in held[m]
               /\ \A x \in held[m] : x[1] = d => x[2] <= s + t
     /\ ~\E x \in held[m] : x[1] = d /\ x[3] # 0 /\ U[x[3]].dev = "X"
     /\ ~(new \subseteq held[m])
     /\ On("once") => \A x \in new \cup {at(s)}, y \in known : x[1] = y[1] /\ x[2] = y[2] => x = y
     /\ held' = [held EXCEPT ![m] = @ \cup new]
     /\ pins' = [pins EXCEPT ![m] = (@ \cup {at(s)}) \ held'[m]]
     /\ UNCHANGED <<count, evid, last, listed, got, proof, met, time>>

(* An honest device pays on what it holds: outputs of the entries `from`, and ids that it was given. *)
MayPay(p, u, from, given) ==
  LET e == U[u]
      makers == {Maker(n) : n \in e.ids \ given}
  IN /\ makers \subseteq from
     /\ e.ids \subseteq given \cup UNION {Mine[m][p] : m \in makers}
     /\ \A x \in Path[last[p]] \ {0} : U[x].ids \cap e.ids = {}
     /\ \A m \in makers : Judge(p, m) > 0
     /\ \A o \in RangeOf(e.outs) : o.to \in Honest => OwnFloor(o.to, o)

(* To a floor that the other asked for. *)
Pass(p, u) ==
  /\ U[u].prev = last[p]
  /\ MayPay(p, u, got[p], {})
  /\ last' = [last EXCEPT ![p] = u]
  /\ UNCHANGED <<count, evid, held, pins, listed, got, proof, met, time>>

Register(p) ==
  /\ Nodes # {} /\ listed[p] # last[p]
  /\ listed' = [listed EXCEPT ![p] = last[p]]
  /\ UNCHANGED <<count, evid, held, pins, last, got, proof, met, time>>

Accept(p, u) ==
  /\ u \notin got[p]
  /\ Signed(u)
  /\ On("own_floor") => \A o \in RangeOf(U[u].outs) : o.to = p => OwnFloor(p, o)  \* R-43
  /\ Class(p, u, proof[p] \cup New(p, u)) > 0
  /\ got' = [got EXCEPT ![p] = @ \cup {u}]
  /\ proof' = [proof EXCEPT ![p] = @ \cup New(p, u)]
  /\ met' = {x \in met : p \notin x}
  /\ due' = [due EXCEPT ![p] = IF Window = 0 \/ Class(p, u, proof'[p]) # 2 THEN @ ELSE IF @ = 0 THEN Limit ELSE IF @ < Limit THEN @ ELSE Limit]
  /\ UNCHANGED <<count, evid, held, pins, last, listed, height, closed>>

(* A pack that is refused for a fork leaves the proof behind. *)
Refuse(p, u) ==
  /\ u \notin got[p]
  /\ Signed(u)
  /\ HW => \A h \in Hops[u] : Bound(h)
  /\ ~(New(p, u) \subseteq proof[p])
  /\ Class(p, u, proof[p] \cup New(p, u)) = 0
  /\ proof' = [proof EXCEPT ![p] = @ \cup New(p, u)]
  /\ UNCHANGED <<count, evid, held, pins, last, listed, got, met, time>>

Meet(p, q) ==
  LET both == proof[p] \cup proof[q] \cup (IF On("compare") THEN UNION {UNION {Conf[u][v] : u \in got[p]} : v \in got[q]} ELSE {})
  IN /\ {p, q} \notin met /\ got[p] # {} /\ got[q] # {}
     /\ proof' = [proof EXCEPT ![p] = both, ![q] = both]
     /\ met' = met \cup {{p, q}}
     /\ UNCHANGED <<count, evid, held, pins, last, listed, got, time>>

Useful(d) == {x[3] : x \in {y \in Places : y[1] = d /\ y[2] <= count[d] + 1 /\ U[y[3]].dev # "X"}} \cup {0}
Moves == IF "shift" \in Shapes \/ "index" \in Off THEN {0, 1} ELSE {0}

Stuck == 1000

StoreClose(m) ==
  /\ closed[m] = 0
  /\ closed' = [closed EXCEPT ![m] = Clock(m)]
  /\ UNCHANGED <<count, evid, held, pins, last, listed, got, proof, met, height, due>>

(* Honest payees are not late. *)
Tick ==
  /\ height < Span
  /\ On("in_time") => \A p \in Honest : due[p] # 0 => height + 1 + Margin < due[p]
  /\ height' = height + 1
  /\ UNCHANGED <<count, evid, held, pins, last, listed, got, proof, met, closed, due>>

(* p brings the runs that it holds to every node. What a node does not take, it has no room for. *)
Online(p) ==
  LET ways == UNION {UNION {h.ways : h \in {k \in Hops[u] : k.dev \in Cheats /\ ~Ended(k)}} : u \in got[p]}
      free(m, y) == /\ \A x \in y.run \cup {y.fl}, z \in held[m] \cup pins[m] : x[1] = z[1] /\ x[2] = z[2] => x = z
                    /\ ~\E z \in held[m] : z[1] = y.end[1] /\ z[3] # 0 /\ U[z[3]].dev = "X"
      now == [m \in Nodes |-> held[m] \cup UNION {y.run : y \in {w \in ways : free(m, w)}}]
  IN /\ due[p] # 0
     /\ held' = now
     /\ pins' = [m \in Nodes |-> (pins[m] \cup {y.fl : y \in {w \in ways : free(m, w)}}) \ now[m]]
     /\ due' = [due EXCEPT ![p] = IF \A y \in ways : Cardinality({m \in Nodes : y.run \subseteq now[m]}) >= Q THEN 0 ELSE Stuck]
     /\ UNCHANGED <<count, evid, last, listed, got, proof, met, height, closed>>

AbsorbAny == \E d \in Cheats : \E x \in Useful(d) : Absorb(d, x)
WriteAny == \E m \in Nodes, u \in Lines, t \in Moves : \E s \in 0 .. Depth[u] - 1 : Write(m, u, s, t)
PassAny == \E p \in Honest : \E u \in By[p] : Pass(p, u)
RegisterAny == \E p \in Honest : Register(p)
AcceptAny == \E p \in Honest : \E u \in To[p] : Accept(p, u)
RefuseAny == \E p \in Honest : \E u \in To[p] : Refuse(p, u)
MeetAny == \E p, q \in Honest : p # q /\ Meet(p, q)
CloseAny == Window > 0 /\ \E m \in Nodes : StoreClose(m)
TickAny == Window > 0 /\ Tick
OnlineAny == \E p \in Honest : Online(p)

Next == AbsorbAny \/ WriteAny \/ PassAny \/ RegisterAny \/ AcceptAny \/ RefuseAny \/ MeetAny
        \/ CloseAny \/ TickAny \/ OnlineAny

(* Links between honest devices work. *)
Deliver(p) == \E u \in To[p] : U[u].dev \in Honest /\ (Accept(p, u) \/ Refuse(p, u))
Fair == \A p \in Honest : WF_vars(Deliver(p))
Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ Fair

(* ------------------------------ what must hold ------------------------------ *)

Accepted == UNION {{<<p, u>> : u \in got[p]} : p \in Honest}
Strong(a) == Judge(a[1], a[2]) >= 2

(* No value is accepted twice in class anchored or registered. *)
NoDoubleAccept == \A a, b \in Accepted : Twice[a[2]][b[2]] # {} => ~(Strong(a) /\ Strong(b))

(* What honest devices hold in a strong class was issued. *)
Held(p) == UNION {Mine[u][p] : u \in {v \in got[p] : Judge(p, v) >= 2}} \ UNION {U[x].ids : x \in Path[last[p]] \ {0}}
Conserved == Cardinality(UNION {{<<p, n>> : n \in Held(p)} : p \in Honest}) <= Lots

(* Two who accepted one value, and met since, hold a proof against the device that spent it twice. Who is robbed by a successor has
   none: an owner that closes its log and one that lost its device look alike (AlwaysProved, which does not hold). *)
Proved(except) ==
  \A m \in met : \A p, q \in m : \A u \in got[p], v \in got[q] :
    Twice[u][v] \cap except = {} => Twice[u][v] \subseteq proof[p] \cap proof[q]
CheatIsProved == Proved({"S"})
AlwaysProved == Proved({})

(* No payee counts two spends of one id. *)
CountsOnce == \A p \in Honest : \A u, v \in got[p] : Twice[u][v] # {} => ~(Judge(p, u) > 0 /\ Judge(p, v) > 0)

NoHonestAccused == \A p \in Honest : proof[p] \cap Honest = {}

(* What is certified stays good, whatever becomes known. *)
RegisteredStays == \A a \in Accepted : (\A h \in Hops[a[2]] : h.dev = a[1] \/ Certified(h)) => Judge(a[1], a[2]) = 3

(* Who comes online in time can register what it holds in class anchored, though all liars are silent. *)
AnchoredRegisters == \A p \in Honest : due[p] # Stuck

(* What an honest device signs is valid: nobody can give it a note that it cannot pass on. *)
HonestPaysWell == \A p \in Honest : \A x \in Path[last[p]] \ {0} : U[x].ok

(* An honest payment arrives, or the payee learns that a device of the payer is to blame. *)
Waits(p) ==
  \E q \in Honest \ {p} : \E u \in Path[last[q]] \ {0} :
    /\ Mine[u][p] # {} /\ u \notin got[p]
    /\ proof[p] \cap {h.dev : h \in Hops[u]} \cap Cheats = {}
Arrives == \A p \in Honest : []<>~Waits(p)

(* ------------------------------ what must be reached ------------------------------ *)

Doubles == {x \in Accepted \X Accepted : x[1][1] # x[2][1] /\ Twice[x[1][2]][x[2][2]] # {}}
Never_Double == Doubles = {}
Never_DoubleByMet == \A x \in Doubles : {x[1][1], x[2][1]} \notin met
Never_DoubleOneStrong == \A x \in Doubles : ~(Strong(x[1]) \/ Strong(x[2]))
Never_Strong == \A a \in Accepted : ~Strong(a)
Never_Registered == \A a \in Accepted : Judge(a[1], a[2]) < 3
Never_RegisteredOfForked == \A a \in Accepted : Judge(a[1], a[2]) = 3 => {h.dev : h \in Hops[a[2]]} \cap proof[a[1]] = {}
Never_Frozen == \A a \in Accepted : Judge(a[1], a[2]) > 0
Never_TwiceAtOne == \A p \in Honest : \A u, v \in got[p] : Twice[u][v] = {}
Never_AfterEnd == \A a \in Accepted : U[a[2]].dev # "S"
Never_Passed == \A a \in Accepted : U[a[2]].dev \in Cheats
Never_DoubleFurtherOn == \A x \in Doubles : U[x[1][2]].dev \in Cheats /\ U[x[2][2]].dev \in Cheats
Never_SecondDevice == \A a \in Accepted : Cardinality({h.dev : h \in Hops[a[2]]} \cap Cheats) < 2
=============================================================================
