package dev.asyncmysql.sample;

/**
 * What accounts do over HTTP, on the development database.
 */
class AccountMariaDbIT extends AbstractAccountTests {

}
