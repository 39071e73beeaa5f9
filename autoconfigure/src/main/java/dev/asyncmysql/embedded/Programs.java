package dev.asyncmysql.embedded;

import java.nio.file.Path;

/**
 * The unpacked programs.
 *
 * @param baseDir the folder that they are in
 * @param server the server
 * @param install what makes a data folder
 * @param client the command line client
 * @param libraries the folder of the libraries
 * @param libraryVariable the environment variable that names folders of libraries
 * @param windows whether these are the programs for Windows
 */
record Programs(Path baseDir, Path server, Path install, Path client, Path libraries, String libraryVariable,
		boolean windows) {

}
