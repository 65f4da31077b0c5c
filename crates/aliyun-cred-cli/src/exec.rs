//! `exec`: runs a program with a credential in its environment, or with the address of a server that has one.

use std::process::Command;

use crate::arguments::Exec;
use crate::environment::{self, Variable};
use crate::failure::{Failure, Outcome};
use crate::serve::{self, Server};
use crate::{child, client};

/// Set for the program, so that an `exec` inside another is noticed.
const INSIDE: &str = "ALIYUN_CRED_EXEC";

pub(crate) fn run(arguments: Exec) -> Outcome {
    if std::env::var_os(INSIDE).is_some() && !arguments.nested {
        let text = "this is inside another 'aliyun-cred exec', whose credential it would use; pass --nested to do that";
        return Err(Failure::invalid(text));
    }
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Failure::invalid("no program is given"));
    };
    let mut command = Command::new(program);
    command.args(rest).env(INSIDE, "1");
    let shown = program.to_string_lossy();
    if !arguments.serve {
        let credentials = client::of(&arguments.chosen)?.credentials_blocking()?;
        set(&mut command, environment::holding(&credentials)?);
        return child::become_it(command, &shown);
    }
    serve::event_loop()?.block_on(async {
        let server = Server::private(arguments.chosen.profile, arguments.chosen.origin)?;
        server.check().await?;
        set(&mut command, server.variables());
        // It ends with the event loop: once the program has ended, there is nobody left to answer.
        tokio::spawn(server.serve_until(std::future::pending()));
        child::run(command, &shown).await
    })
}

fn set(command: &mut Command, variables: Vec<Variable>) {
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}
