//! Plays tic-tac-toe with a contact, over two wallets.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use dsm_core::data::{Author, Reducer, Turn};
use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_engine::Engine;
use dsm_home::{Home, fresh};
use dsm_session::Goal;
use dsm_store::FileKv;
use dsm_transport::{TcpLink, TcpPlace};

struct TicTacToe;

/// Rows, columns, diagonals: where each starts, and how far its fields are apart.
const LINES: [(usize, usize); 8] = [(0, 1), (3, 1), (6, 1), (0, 3), (1, 3), (2, 3), (0, 4), (2, 2)];

type Board = [Option<Author>; 9];

fn winner(board: &Board) -> Option<Author> {
    let whole = |(start, step): (usize, usize)| {
        let [one, two, three] = [0, 1, 2].map(|number| board[start + number * step]);
        one.filter(|_| one == two && two == three)
    };
    LINES.into_iter().find_map(whole)
}

impl Reducer for TicTacToe {
    type State = Board;
    const SCHEMA: &'static str = "dsm examples, tic-tac-toe, 1";

    fn start(&self) -> Board {
        [None; 9]
    }

    fn turn(&self, board: &Board) -> Turn {
        match board.iter().flatten().count() {
            _ if winner(board).is_some() => Turn::Nobody,
            9 => Turn::Nobody,
            even if even % 2 == 0 => Turn::Only(Author::First),
            _ => Turn::Only(Author::Second),
        }
    }

    /// A move is one byte, the field, from 1.
    fn apply(&self, board: &Board, author: Author, bytes: &[u8]) -> Option<Board> {
        let [field @ 1..=9] = bytes else { return None };
        let mut board = *board;
        let place = board.get_mut(usize::from(*field) - 1)?;
        place.replace(author).is_none().then_some(board)
    }
}

/// Play tic-tac-toe with a contact of your wallet.
#[derive(Parser)]
struct Arguments {
    /// The wallet's directory [default: $DSM_HOME, or .dsm in the home directory].
    #[arg(long)]
    home: Option<PathBuf>,
    /// With whom.
    contact: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Put your mark on a field, 1 to 9.
    Move { field: u8 },
    /// Show the board.
    Show,
    /// Call the other side and exchange moves.
    Sync {
        #[arg(long, value_parser = place)]
        link: SocketAddr,
    },
    /// Wait for the other side's call.
    Wait {
        #[arg(long, value_parser = place, default_value = "tcp:127.0.0.1:0")]
        link: SocketAddr,
    },
}

fn place(text: &str) -> Result<SocketAddr, String> {
    let address = text.strip_prefix("tcp:").and_then(|address| address.parse().ok());
    address.ok_or_else(|| "write tcp:127.0.0.1:PORT".to_owned())
}

fn main() -> anyhow::Result<()> {
    let Arguments { home, contact, command } = Arguments::parse();
    let mut engine = Home::new(home)?.open()?;
    let found = engine.wallet().books()?.contact_named(&contact);
    let card = found.context("no such contact; see `dsm contact list`")?.card;
    let peer = card.descriptor.id();
    match command {
        Command::Move { field } => {
            engine.share(&peer, &TicTacToe, &[field])?;
        }
        Command::Show => {}
        Command::Sync { link } => sync(&mut engine, &card, link)?,
        Command::Wait { link } => wait(&mut engine, link)?,
    }
    let board = engine.state(&peer, &TicTacToe)?.state;
    let me = engine.author(&peer);
    print(&show(&board, me))
}

fn sync(engine: &mut Engine<FileKv>, card: &Card, address: SocketAddr) -> anyhow::Result<()> {
    let link = TcpLink::connect(address)?;
    let mut link = engine.call(link, &card.kem, Secret::from_bytes(fresh()?))?;
    let goal = Goal::Sync { peer: card.descriptor.id() };
    Ok(engine.converse(&mut link, goal, fresh()?, &mut |_| {})?)
}

fn wait(engine: &mut Engine<FileKv>, address: SocketAddr) -> anyhow::Result<()> {
    let place = TcpPlace::bind(address)?;
    print(&format!("waiting at tcp:{}", place.address()?))?;
    let mut link = engine.answer(place.accept()?, Secret::from_bytes(fresh()?))?;
    Ok(engine.converse(&mut link, Goal::Receive { ask: None }, fresh()?, &mut |_| {})?)
}

fn show(board: &Board, me: Author) -> String {
    let mark = |author| if author == Author::First { 'X' } else { 'O' };
    let mut text = String::new();
    for (field, author) in (1..).zip(board) {
        text.extend(author.map_or(char::from_digit(field, 10), |author| Some(mark(author))));
        text.push(if field % 3 == 0 { '\n' } else { ' ' });
    }
    let next = match (winner(board), TicTacToe.turn(board)) {
        (Some(author), _) if author == me => "you won",
        (Some(_), _) => "you lost",
        (None, Turn::Only(author)) if author == me => "your turn",
        (None, Turn::Only(_)) => "the other side's turn",
        (None, _) => "nobody won",
    };
    format!("{text}you are {}: {next}", mark(me))
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{text}\n"))?)
}
