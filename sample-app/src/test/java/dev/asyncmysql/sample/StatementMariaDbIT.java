package dev.asyncmysql.sample;

/**
 * What statements do over HTTP, on the development database.
 */
class StatementMariaDbIT extends AbstractStatementTests {

}
