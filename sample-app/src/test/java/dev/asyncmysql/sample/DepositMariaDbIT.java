package dev.asyncmysql.sample;

/**
 * What the import of deposits does over HTTP, on the development database.
 */
class DepositMariaDbIT extends AbstractDepositTests {

}
