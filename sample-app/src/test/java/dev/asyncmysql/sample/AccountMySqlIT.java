package dev.asyncmysql.sample;

/**
 * What accounts do over HTTP, on MySQL.
 */
@OnMySql
class AccountMySqlIT extends AbstractAccountTests {

}
