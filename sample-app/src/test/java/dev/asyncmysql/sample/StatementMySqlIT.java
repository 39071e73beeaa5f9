package dev.asyncmysql.sample;

/**
 * What statements do over HTTP, on MySQL.
 */
@OnMySql
class StatementMySqlIT extends AbstractStatementTests {

}
